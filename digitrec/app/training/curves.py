"""The curves of a training as SVG, drawn by a few lines of arithmetic."""

from collections.abc import Sequence

from digitrec.app.page.words import escape

WIDTH = 320
HEIGHT = 200

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 10, 20
_MAX_POINTS = 160


def curve(
    points: Sequence[tuple[float, float]],
    *,
    title: str,
    epochs: float,
    low: float,
    high: float,
    unit: str = "",
) -> str:
    """Return one curve over the epochs of a training.

    Parameters
    ----------
    points : sequence of (float, float)
        Epochs done, and the value then. None draws the empty axes, so that they take the same room.
    title : str
        What the value is; spoken by screen readers with the last value.
    epochs : float
        How long the training will be; the right end of the axis.
    low, high : float
        The ends of the value's axis. What lies beyond is drawn at the end.
    unit : str, optional
        Written behind the numbers.

    Returns
    -------
    str
        An ``<svg>`` in the colours of the page.

    Raises
    ------
    ValueError
        If the axis has no length.

    Examples
    --------
    >>> svg = curve([(0, 2.3), (1, 0.2)], title="Loss", epochs=2, low=0, high=2.3)
    >>> 'aria-label="Loss: 0.20 after 1.0 epochs"' in svg
    True
    """
    if not high > low:
        raise ValueError(f"high must be above low. Received: low={low!r}, high={high!r}")
    span = max(float(epochs), points[-1][0] if points else 0.0, 1e-9)

    def place(step: float, value: float) -> str:
        share = (min(max(value, low), high) - low) / (high - low)
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * step / span
        y = HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * share
        return f"{x:.1f},{y:.1f}"

    label = f"{title}: no values yet"
    drawn = ""
    if points:
        step, value = points[-1]
        label = f"{title}: {value:.2f}{unit} after {step:.1f} epochs"
        every = max(1, len(points) // _MAX_POINTS)
        chosen = [*points[:-1:every], points[-1]]
        path = " ".join(place(*point) for point in chosen)
        x, y = place(step, value).split(",")
        drawn = (
            f'<polyline class="dr-curve" points="{path}"/>'
            f'<circle class="dr-curve-tip" cx="{x}" cy="{y}" r="3.5"/>'
        )
    right = WIDTH - _RIGHT
    floor = HEIGHT - _BOTTOM
    return (
        f'<svg class="dr-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<path class="dr-axis" d="M{_LEFT} {_TOP}V{floor}H{right}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{high:g}{escape(unit)}</text>'
        f'<text x="{_LEFT - 6}" y="{floor + 4}" text-anchor="end">{low:g}{escape(unit)}</text>'
        f'<text x="{_LEFT}" y="{HEIGHT - 5}">0</text>'
        f'<text x="{right}" y="{HEIGHT - 5}" text-anchor="end">'
        f"{span:g} epoch{'s' * (span != 1)}</text>"
        f"{drawn}</svg>"
    )
