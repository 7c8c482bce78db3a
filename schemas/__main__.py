"""`python -m schemas` writes every document made from the catalogue, and removes those that nothing makes now."""

from schemas.documents import documents, stale


def main() -> None:
    """Write what differs, and say how many files that were."""
    made = documents()
    written = 0
    for path, content in made.items():
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written += 1
    removed = stale(made)
    for path in removed:
        path.unlink()
    print(f"{len(made)} documents: {written} written, {len(removed)} removed")


if __name__ == "__main__":
    main()
