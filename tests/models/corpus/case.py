"""What a case of the corpus is: a model, and what is true of it."""

import dataclasses
from typing import Callable, List, Sequence, Tuple

import torch


@dataclasses.dataclass
class Case:
    """`arguments`: (name, datatype, dims) of each tensor argument, in the order of forward(): dims are
    those that every valid batch has, -1 where it may have any; [..., 5]: of any rank, the last is 5;
    None: of any shape. `rows(n)`: the arguments of a valid request of n rows. `others`: further valid
    requests, which no claim may refuse. `batchable`: each row's answer is its own, and dimension 0 is
    the row.
    """

    name: str
    build: Callable[[], torch.nn.Module]
    arguments: Sequence[Tuple]
    rows: Callable[[int], Sequence]
    batchable: bool = True
    trace: bool = False
    others: Sequence[Callable[[], Sequence]] = ()
    why: str = ""  # not batchable, in a few words

    def module(self):
        torch.manual_seed(20)
        module = self.build()
        if isinstance(module, torch.jit.ScriptModule):
            return module
        module = module.eval()
        if self.trace:
            example = tuple(self.rows(2))
            return torch.jit.trace(module, example, check_trace=False, strict=False)
        return torch.jit.script(module)


def ids(limit: int, *shape: int) -> torch.Tensor:
    return torch.randint(0, limit, shape)



