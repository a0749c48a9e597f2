"""Cut a stream of bytes into lines without ever holding a long one."""

from collections.abc import AsyncIterator

MAX_LINE_BYTES = 65_536


async def cut_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes | None]]:
    """The lines of each chunk as it arrives, without their line ends. None stands for a line over 64 KiB.

    A carriage return before the line end is dropped; the last line may lack its end.
    """
    rest = b""
    skipping = False
    async for chunk in chunks:
        lines: list[bytes | None] = []
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if skipping:
                skipping = False
                lines.append(None)
            elif len(line) > MAX_LINE_BYTES:
                lines.append(None)
            else:
                lines.append(line.removesuffix(b"\r"))
        if len(rest) > MAX_LINE_BYTES:
            rest, skipping = b"", True
        if lines:
            yield lines
    if skipping:
        yield [None]
    elif rest:
        yield [rest.removesuffix(b"\r")]
