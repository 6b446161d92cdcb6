"""Numbers as people say them, and text made safe for HTML."""

import html

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def escape(text: object) -> str:
    """Return text that shows as itself inside HTML, attributes included.

    Examples
    --------
    >>> escape('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return html.escape(str(text), quote=True)


def number(count: int) -> str:
    """Return a count in words up to ten, in figures beyond.

    Examples
    --------
    >>> number(2), number(12000)
    ('two', '12,000')
    """
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def a_digit(digit: int) -> str:
    """Return a digit with its article.

    Examples
    --------
    >>> a_digit(7), a_digit(8)
    ('a 7', 'an 8')
    """
    return f"{'an' if digit == 8 else 'a'} {digit}"


def percent(share: float, digits: int = 0, *, brief: bool = False) -> str:
    """Return a share as a percentage that never claims more certainty than there is.

    Parameters
    ----------
    share : float
        From 0 to 1.
    digits : int, optional
        Places after the point.
    brief : bool, optional
        Say "<1 %" instead of "under 1 %".

    Examples
    --------
    >>> percent(0.982), percent(0.9999), percent(0.0001), percent(1.0), percent(0.9931, 2)
    ('98 %', 'over 99 %', 'under 1 %', '100 %', '99.31 %')
    >>> percent(0.0001, brief=True)
    '<1 %'
    """
    step = 10.0**-digits
    value = 100 * share
    if 0 < value <= step / 2:
        return f"{'<' if brief else 'under '}{step:.{digits}f} %"
    if 100 - step / 2 <= value < 100:
        return f"{'>' if brief else 'over '}{100 - step:.{digits}f} %"
    return f"{value:.{digits}f} %"


def duration(seconds: float) -> str:
    """Return a duration roughly, as one would tell it.

    Parameters
    ----------
    seconds : float

    Examples
    --------
    >>> duration(0.4), duration(6.2), duration(80), duration(200)
    ('1 s', '7 s', '1 min 20 s', '3 min 20 s')
    """
    whole = max(1, int(-(-seconds // 1)))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(-(-whole // 5) * 5, 60)
    return f"{minutes} min" + (f" {rest} s" if rest else "")


def times(count: int) -> str:
    """Return how often.

    Examples
    --------
    >>> times(1), times(2), times(3), times(12)
    ('once', 'twice', 'three times', '12 times')
    """
    return {1: "once", 2: "twice"}.get(count, f"{number(count)} times")


def seen(num_images: int, num_drawings: int, epochs: int, share: float) -> str:
    """Say what a training shows the network, and how often.

    Parameters
    ----------
    num_images, num_drawings : int
        Digits of MNIST, and generated drawings.
    epochs : int
        How often MNIST is shown.
    share : float
        Of the drawings that one epoch shows, 0 to 1.

    Examples
    --------
    >>> seen(40_000, 0, 1, 1.0)
    '40,000 digits of MNIST, once each'
    >>> seen(40_000, 15_000, 2, 1.0)
    '40,000 digits of MNIST and 15,000 generated drawings, twice each'
    >>> seen(55_000, 85_000, 24, 0.5)
    '55,000 digits of MNIST, 24 times each, and 85,000 generated drawings, about 12 times each'
    """
    digits, often = f"{num_images:,} digits of MNIST", f"{times(epochs)} each"
    drawings = f"{num_drawings:,} generated drawings"
    if not num_drawings:
        return f"{digits}, {often}"
    if share == 1:
        return f"{digits} and {drawings}, {often}"
    return f"{digits}, {often}, and {drawings}, about {times(round(share * epochs))} each"


def ahead(count: int, most_seconds: float | None = None) -> str:
    """Say how many trainings come before one's own, and when its turn comes at the latest.

    Parameters
    ----------
    count : int
    most_seconds : float or None
        How long each may take; None where there is no limit.

    Examples
    --------
    >>> ahead(2, 600)
    'Two trainings are ahead of yours. It begins in at most 20 min.'
    >>> ahead(2)
    'Two trainings are ahead of yours.'
    >>> ahead(1)
    'One training is ahead of yours.'
    >>> ahead(0)
    'Yours is the next training.'
    """
    if count < 1:
        return "Yours is the next training."
    some = "One training is" if count == 1 else f"{number(count).capitalize()} trainings are"
    latest = f" It begins in at most {duration(count * most_seconds)}." if most_seconds else ""
    return f"{some} ahead of yours.{latest}"
