"""Derivations as documents: claims with reasons, made from the steps that computed; a renderer only prints."""

from symrnn.documents import renderers as renderers  # fills document.RENDERERS
from symrnn.documents.derivations import derive as derive
from symrnn.documents.document import Document as Document
