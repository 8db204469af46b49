"""One hash over many: the vectors of the certificate-transparency logs, and every path of small trees."""

from __future__ import annotations

import pytest

from domain.merkle import path, reached, root

VECTORS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Roots over the first leaves of the logs' reference data."""
LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f")]  # fmt: skip


@pytest.mark.parametrize("size", VECTORS)
def test_the_root_is_that_of_the_standard(size: int) -> None:
    assert root(LEAVES[:size]) == VECTORS[size]


@pytest.mark.parametrize("size", range(1, 20))
def test_every_leaf_reaches_the_root_and_no_other_does(size: int) -> None:
    leaves = [bytes([n]) for n in range(size)]
    for index, leaf in enumerate(leaves):
        beside = path(leaves, index)
        assert reached(leaf, index, size, beside) == root(leaves)
        assert reached(leaf + b"!", index, size, beside) != root(leaves)
        for wrong in ([*beside, "00" * 32], beside[1:] if beside else ["00" * 32]):
            with pytest.raises(ValueError, match="path"):
                reached(leaf, index, size, wrong)
    with pytest.raises(ValueError, match="no such leaf"):
        reached(b"", size, size, [])
