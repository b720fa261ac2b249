"""Text for a terminal that comes from elsewhere: a template, an answer of AWS, a policy that somebody else wrote."""


def one_line(text: str) -> str:
    """One line, and nothing that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "?" for character in text)
