from relion_runs import particles, stand_in

from tasks.classification_2d import RelionClassification2D, classify_2d

_ROWS = (
    "import shutil\n"
    "given = pathlib.Path(value('--i'))\n"
    "stem = value('--o') + '_it025_'\n"
    "shutil.copy(given, stem + 'data.star')\n"
    "text = given.read_text().replace('_rlnOpticsGroup #3', '_rlnClassNumber #3')\n"
    "pathlib.Path(stem + 'data.star').write_text(text)\n"
    "model = 'data_model_general\\n\\n_rlnPixelSize 6.0\\n\\ndata_model_classes\\n\\nloop_\\n'\n"
    "model += '_rlnReferenceImage #1\\n_rlnClassDistribution #2\\n'\n"
    "model += '_rlnEstimatedResolution #3\\n000001@a.mrcs 1.0 inf\\n'\n"
    "pathlib.Path(stem + 'model.star').write_text(model)\n"
    "pathlib.Path(stem + 'optimiser.star').write_text('data_optimiser_general\\n\\n_rlnParticleDiameter 150.0\\n')\n"
    "shutil.copy(given.with_name('particles.mrcs'), stem + 'classes.mrcs')\n"
)


def test_classes_are_found_once_and_again_with_other_parameters_beside_the_first(tmp_path_factory, tmp_path):
    given = particles(tmp_path_factory.getbasetemp()).particles
    program = str(stand_in(tmp_path / "relion_refine", "3.1.3", _ROWS))
    classifier = RelionClassification2D(executable=program, classes=1)
    first = classify_2d.fn(given, classifier, tmp_path / "Class2D")
    assert classify_2d.fn(given, classifier, tmp_path / "Class2D") == first
    other = classify_2d.fn(given, classifier.model_copy(update={"tau_fudge": 4.0}), tmp_path / "Class2D")
    assert first.model.parent == tmp_path / "Class2D"
    assert other.model.parent == tmp_path / "Class2D" / "run02"
    assert first.model.is_file()
    assert first.classes[0].resolution is None
    assert len((tmp_path / "relion_refine.txt").read_text().splitlines()) == 2
