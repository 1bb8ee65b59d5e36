"""Draw a terminal's screen, as tmux captures it with colours, to a PNG."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI

__all__ = ["FONTS", "draw"]

_FOLDER = Path("/usr/share/fonts/truetype/dejavu")
FONTS = (_FOLDER / "DejaVuSansMono.ttf", _FOLDER / "DejaVuSansMono-Bold.ttf")
"""The regular font and the bold one."""

_SIZE, _WIDTH, _HEIGHT = 15, 9, 18
_COLORS = 64


def draw(ansi: str, size: tuple[int, int], path: Path) -> None:
    """Write the screen of `size` columns and rows to `path`, every character in its cell."""
    console = Console(width=size[0], force_terminal=True, color_system="truecolor")
    image = Image.new("RGB", (size[0] * _WIDTH, size[1] * _HEIGHT), MONOKAI.background_color)
    pen = ImageDraw.Draw(image)
    fonts = [ImageFont.truetype(str(font), _SIZE) for font in FONTS]
    # One decoder for all lines: a colour goes on until another one comes.
    for row, line in enumerate([*AnsiDecoder().decode(ansi)][: size[1]]):
        column = 0
        for segment in line.render(console):
            style = segment.style or Style()
            front, back = _colors(style)
            for character in segment.text.rstrip("\n"):
                x, y = column * _WIDTH, row * _HEIGHT
                width = cell_len(character)
                pen.rectangle((x, y, x + width * _WIDTH - 1, y + _HEIGHT - 1), fill=back)
                pen.text((x, y), character, font=fonts[bool(style.bold)], fill=front)
                column += width
    image.quantize(_COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


def _colors(style: Style) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    front = _rgb(style.color, foreground=True)
    back = _rgb(style.bgcolor, foreground=False)
    if style.reverse:
        front, back = back, front
    if style.dim:
        front = (
            (front[0] + back[0]) // 2,
            (front[1] + back[1]) // 2,
            (front[2] + back[2]) // 2,
        )
    return front, back


def _rgb(color: Color | None, *, foreground: bool) -> tuple[int, int, int]:
    return tuple((color or Color.default()).get_truecolor(MONOKAI, foreground=foreground))
