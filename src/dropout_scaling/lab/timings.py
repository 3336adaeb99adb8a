"""The tables of the run of timings, and what the page of timings quotes of it."""

NAMES = {"FastDropout": "Fast", "torch.compile": "compiled", "JAX": "JAX", "clone": "copies"}
WAYS = ["copy", "FastDropout's loop", "clone", "FastDropout", "F.dropout"]


def one(rows, **wanted):
    """Return the row that has these values, of which there must be one."""
    (row,) = [row for row in rows if wanted.items() <= row.items()]
    return row


def ratios(rows, dtype):
    """Return as text how many times as fast as F.dropout each was, a line for each size."""
    lines = [" ".join(["     ", *(f"{short:>8}" for short in NAMES.values())])]
    for size in (2**k for k in range(10, 27, 4)):
        timed = [one(rows, dtype=dtype, size=size, name=name)["ratio_50"] for name in NAMES]
        lines.append(" ".join([f" 2^{size.bit_length() - 1:2}", *(f"{r:8.2f}" for r in timed)]))
    return "\n".join(lines)


def times(rows):
    """Return as text the milliseconds and the page faults of each way, a line for each."""
    timed = [one(rows, name=name) for name in WAYS]
    lines = (f"{row['name']:>20} {row['ms_50']:8.1f} {row['faults']:7}" for row in timed)
    return "\n".join(lines)


def cost(rows, vectors, size, name, p=0.3):
    """Return the row of ``vector_timings`` with these values."""
    return one(rows, vectors=vectors, size=size, name=name, p=p)


def over_p(rows, vectors, size, name, column="per_copies"):
    """Return the smallest and the largest ratio over all p."""
    found = [cost(rows, vectors, size, name, p)[column] for p in (0.1, 0.3, 0.5, 0.9)]
    return min(found), max(found)


def by_processor(rows):
    """Return as text what the words cost with each set of vector instructions, at p = 0.3."""
    lines = ["              loop    layer    layer, times as fast"]
    lines.append("           /copies  /clones    as F.dropout")
    for vectors in dict.fromkeys(row["vectors"] for row in rows):
        for size in (2**k for k in (13, 17, 22)):
            loop = cost(rows, vectors, size, "FastDropout's loop")["per_copies"]
            layer = cost(rows, vectors, size, "FastDropout")
            found = f"{loop:7.2f} {layer['per_copies']:8.2f} {1 / layer['per_F.dropout']:11.2f}"
            lines.append(f"{vectors:>7} 2^{size.bit_length() - 1:<2}{found}")
    return "\n".join(lines)
