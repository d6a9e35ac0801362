"""Draws what a terminal shows as an SVG picture: a dark window, with the text as text, so that it can be searched and copied.

Colours, bold and dim are those of the text's ANSI sequences.
"""

import html
import re

COLOURS = {
    30: "#45475a", 31: "#f38ba8", 32: "#a6e3a1", 33: "#f9e2af", 34: "#89b4fa", 35: "#cba6f7", 36: "#94e2d5", 37: "#cdd6f4",
}
COLOURS |= {code + 60: colour for code, colour in COLOURS.items()} | {90: "#7f849c"}
BACKGROUND, FOREGROUND, PROMPT = "#1e1e2e", "#cdd6f4", "#a6e3a1"
WIDTH, HEIGHT, MARGIN = 8.4, 19, 14  # of a character, of a line, around the text; in pixels
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


def plain(text: str) -> str:
    return ESCAPE.sub("", text)


def style(codes: list[int]) -> str:
    colour = next((COLOURS[code] for code in reversed(codes) if code in COLOURS), None)
    attributes = f' fill="{colour}"' if colour else ""
    if 1 in codes:
        attributes += ' font-weight="bold"'
    if 2 in codes:
        attributes += ' opacity="0.65"'
    return attributes


def spans(line: str) -> str:
    """The line as <tspan> elements, one for each stretch of the same style."""
    drawn, codes, at = [], [], 0
    for escape in [*ESCAPE.finditer(line), None]:
        text = line[at : escape.start() if escape else len(line)]
        if text:
            drawn.append(f"<tspan{style(codes)}>{html.escape(text, quote=False)}</tspan>")
        if escape:
            new = [int(code or 0) for code in escape[1].split(";")]
            codes = new if new[0] == 0 else codes + new
            at = escape.end()
    return "".join(drawn)


def picture(command: str, output: str) -> str:
    lines = output.splitlines()
    columns = max(len(plain(line)) for line in [f"$ {command}", *lines])
    width, height = round(2 * MARGIN + columns * WIDTH), 2 * MARGIN + (len(lines) + 1) * HEIGHT
    rows = [f'<tspan fill="{PROMPT}">$</tspan> <tspan font-weight="bold">{html.escape(command, quote=False)}</tspan>']
    rows += [spans(line) for line in lines]
    text = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + (number + 1) * HEIGHT - 5}">{row}</text>' for number, row in enumerate(rows)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="{FOREGROUND}"
   xml:space="preserve">
{text}
</g>
</svg>
"""
