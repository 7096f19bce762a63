# SPDX-License-Identifier: BSD-2-Clause
"""A set like base.txz of FreeBSD, always the same one, as tar on stdout.

Modelled on a world of FreeBSD 13.2 as it is installed: 5,325 files of 176 MiB,
967 directories, 624 symbolic and 254 hard links, which xz makes 0.166 as large.
SIZES are the sizes of its files at these parts of all, and between them a size is
drawn on a logarithmic scale; so half of the files have less than 4 KiB, and the
largest hundred have more than half of the bytes.  Here there are 1.3 times as
many of everything.  A third of the directories have files, five in the median
(three there) and hundreds in a few.  One file in six is a program.  Six tenths
of the pieces of a file are phrases that stand in others, too, the rest words or
pieces of code in an order of their own: xz makes it 0.176 as large.
"""
import io
import itertools
import math
import random
import sys
import tarfile

FILES, DIRS, LINKS, HARD = 6923, 1257, 811, 330
SHARE = .61
SIZES = ((0, 1), (.01, 88), (.05, 235), (.1, 304), (.25, 1408), (.5, 3773),
         (.75, 11856), (.9, 35824), (.95, 106208), (.99, 358424),
         (.995, 835352), (.999, 3067120), (1, 26647046))
rng = random.Random(20)


def pool(pieces, glue):
    """Pieces, some of them far more frequent, and phrases of them."""
    weights = list(itertools.accumulate(1 / (i + 8) for i in range(len(pieces))))
    phrases = [glue.join(rng.choices(pieces, cum_weights=weights,
                                     k=rng.randrange(4, 24)))
               for _ in range(12000)]
    return pieces, weights, phrases, glue


text = pool([bytes(rng.choice(b"etaoinshrdlucmfwypvbgkjqxz") for _ in range(n))
             for n in range(2, 12) for _ in range(600)], b" ")
code = pool([rng.randbytes(rng.randrange(2, 16)) for _ in range(6000)], b"")


def content(kind, size):
    pieces, weights, phrases, glue = kind
    parts, have = [], 0
    while have < size:
        new = (rng.choice(phrases) if rng.random() < SHARE else
               glue.join(rng.choices(pieces, cum_weights=weights, k=8)))
        parts.append(new)
        have += len(new) + len(glue)
    return glue.join(parts)[:size].ljust(size)


def size_at(part):
    for (p, low), (q, high) in zip(SIZES, SIZES[1:]):
        if part <= q:
            return int(math.exp(math.log(low) + (part - p) / (q - p) *
                                math.log(high / low)))


def add(tar, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, link
    info.size, info.mtime = len(data), 1700000000
    tar.addfile(info, io.BytesIO(data))


def tree():
    """Directories, parents first, and the number of files in each."""
    dirs = ["./usr"]
    for i in range(1, DIRS):
        up = rng.choice(dirs)
        dirs.append("%s/d%d" % (up if up.count("/") < 7 else "./usr", i))
    dirs.sort()
    full = rng.sample(dirs, DIRS * 35 // 100)
    share = [(i + 4) ** -1.2 for i in range(len(full))]
    count = dict.fromkeys(dirs, 0)
    for name in full + rng.choices(full, share, k=FILES - len(full)):
        count[name] += 1
    return count


def main():
    sizes = [size_at((i + .5) / FILES) for i in range(FILES)]
    rng.shuffle(sizes)
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|",
                      format=tarfile.PAX_FORMAT) as tar:
        names = []
        for directory, count in tree().items():
            add(tar, directory, tarfile.DIRTYPE, mode=0o755)
            for _ in range(count):
                size = sizes[len(names)]
                program = rng.random() < 1 / 6
                names.append("%s/f%d" % (directory, len(names)))
                add(tar, names[-1], data=content(code if program else text, size),
                    mode=0o555 if program else 0o444)
        for i in range(LINKS):
            name = names[i * 7 % FILES]
            add(tar, name + ".s", tarfile.SYMTYPE, link=name.rsplit("/", 1)[1])
        for i in range(HARD):
            add(tar, names[i * 19 % FILES] + ".h", tarfile.LNKTYPE,
                link=names[i * 19 % FILES])


main()
