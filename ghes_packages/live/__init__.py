"""What AWS answers about a deployed instance."""
