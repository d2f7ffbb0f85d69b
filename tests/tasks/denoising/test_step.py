from pydantic import TypeAdapter

from tasks.denoising import CryoCare, Denoiser, EmbeddedDenoising, Topaz, denoise_tomogram


def test_a_tomogram_is_not_denoised_twice(noisy, tmp_path):
    tomogram = noisy(310, shape=(12, 16, 20)).tomogram
    first = denoise_tomogram.fn(tomogram, EmbeddedDenoising(), tmp_path / "out")
    written = first.path.stat().st_mtime_ns
    assert denoise_tomogram.fn(tomogram, EmbeddedDenoising(threads=2), tmp_path / "out") == first
    assert first.path.stat().st_mtime_ns == written


def test_the_tool_is_chosen_by_its_name():
    adapter = TypeAdapter(Denoiser)
    assert adapter.validate_python({"tool": "embedded"}) == EmbeddedDenoising()
    assert adapter.validate_python({"tool": "topaz", "model": "unet-3d-20a"}) == Topaz(model="unet-3d-20a")
    assert adapter.validate_python({"tool": "cryocare", "batch": 4}) == CryoCare(batch=4)
