"""To come."""
async def main(seed: int) -> int:
    return 0
