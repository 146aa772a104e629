"""THE table: one rule for each node class, for every format. Importing it is what fills it."""

from __future__ import annotations

from symrnn.algebra import nodes as N
from symrnn.algebra.layout import blocks, constants, functions, names, products
from symrnn.algebra.layout.printer import RULES
from symrnn.algebra.spelling import Piece

RULES.update(
    {
        N.Signal: names.name,
        N.Parameter: names.name,
        N.Adjoint: names.adjoint,
        N.Tangent: names.tangent,
        N.Immediate: names.immediate,
        N.Decimal: constants.decimal,
        N.Block: names.block,
        N.Gap: names.gap,
        N.Number: constants.number,
        N.Zeros: lambda p, node, parts: Piece(p.signs["zero"], numeric=True),
        N.Ones: constants.ones,
        N.Eye: lambda p, node, parts: Piece(p.signs["identity"]),
        N.Selector: constants.selector,
        N.Commutation: constants.commutation,
        N.Embedding: constants.embedding,
        N.Add: products.add,
        N.Hadamard: products.hadamard,
        N.MatMul: products.matmul,
        N.Scale: products.scale,
        N.Transpose: functions.transpose,
        N.Power: functions.power,
        N.MatPower: functions.mat_power,
        N.Apply: functions.apply,
        N.Diag: functions.called("diag"),
        N.DiagonalOf: functions.called("diag"),
        N.Vec: functions.called("vec"),
        N.Kronecker: products.kronecker,
        N.SquaredNorm: functions.squared_norm,
        N.Inner: products.inner,
        N.Concat: blocks.concat,
        N.BlockMatrix: blocks.block_matrix,
        N.Softmax: functions.called("softmax"),
        N.CrossEntropy: functions.cross_entropy,
        N.Opaque: functions.opaque,
        N.Sum: blocks.big_operator("sum"),
        N.Product: blocks.big_operator("product"),
        N.Guarded: blocks.guarded,
    }
)
