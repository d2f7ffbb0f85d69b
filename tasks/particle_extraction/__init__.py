"""Cut the images of particles out of micrographs."""
