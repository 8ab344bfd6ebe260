"""How alike two names are, so that a misspelt one is still found: by their groups of three letters.

Source:
    docs of the design: security, section 3.2.
"""

from collections.abc import Callable

LIKE_ENOUGH = 0.55
"""Below it two words have nothing to do with each other."""
_BEGINS_ALIKE = 0.95
_ONE_APART = 0.8
_SHORTEST_BEGINNING = 2

Grams = frozenset[str]
Parts = tuple[tuple[str, Grams], ...]
"""The words of a name, each with its groups of three letters."""


def grams(word: str) -> Grams:
    """The groups of three letters in a word, its beginning and end among them."""
    padded = f"  {word} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))


def likeness(word: str, of_word: Grams, other: str, of_other: Grams) -> float:
    """From 0, nothing alike, to 1, the same word."""
    if word == other:
        return 1.0
    if len(word) >= _SHORTEST_BEGINNING and other.startswith(word):
        return _BEGINS_ALIKE
    shared = 2 * len(of_word & of_other) / (len(of_word) + len(of_other))
    return max(shared, _ONE_APART if one_apart(word, other) else 0.0)


def one_apart(one: str, other: str) -> bool:
    """Whether one letter was left out, added, changed, or changed places with its neighbour."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or len(one) < _SHORTEST_BEGINNING:
        return False
    place = next((at for at, each in enumerate(one) if each != other[at]), len(one))
    rest, others_rest = one[place:], other[place:]
    if len(one) < len(other):
        return rest == others_rest[1:]
    swapped = rest[:2] == others_rest[1::-1] and rest[2:] == others_rest[2:]
    return rest[1:] == others_rest[1:] or swapped


def likeness_to(sought: Parts) -> Callable[[Parts], float]:
    """How well a name has every word that is sought: the likeness of the one it has worst; or 0.

    Names share their words, so each word is compared once.
    """
    compared: list[dict[str, float]] = [{} for _ in sought]

    def alike(number: int, other: str, of_other: Grams) -> float:
        found = compared[number].get(other)
        if found is None:
            word, of_word = sought[number]
            found = compared[number][other] = likeness(word, of_word, other, of_other)
        return found

    def of_name(name: Parts) -> float:
        worst = 1.0
        for number in range(len(sought)):
            found = max((alike(number, *each) for each in name), default=0.0)
            if found < LIKE_ENOUGH:
                return 0.0
            worst = min(worst, found)
        return worst

    return of_name
