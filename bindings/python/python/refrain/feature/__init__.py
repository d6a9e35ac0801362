"""Features, as ``librosa.feature`` has them."""

from .spectral import chroma_cqt, chroma_stft

__all__ = ["chroma_cqt", "chroma_stft"]
