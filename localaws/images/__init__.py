"""Container images without Docker: `localaws/docker` builds them as folders, and jobs run in copies of
these.

A folder under `<root>/images/store/` is one image: its file system as far as the Dockerfile copies things
into it, and `image.json`. A file under `images/tags/` names an image. What `pip install` lines ask for is
installed for real, in a virtual environment that images with the same requirements share.
"""

from pathlib import Path

from localaws.images.store import Image, Store

__all__ = ["Image", "find"]


def find(root: Path, image_uri: str) -> Image | None:
    """The image that was built and tagged `image_uri`, byte for byte; None when there is none."""
    return Store.of(root).find(image_uri)
