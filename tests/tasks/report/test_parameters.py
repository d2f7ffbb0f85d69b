from tasks.report.parameters import chosen


def test_what_is_the_default_is_left_out():
    parameters = {
        "acquisition": {"pixel_size": 1.1, "dose_per_frame": 1.0, "voltage": 200.0},
        "ctf_estimator": {"tool": "ctffind4"},
        "reconstructor": {"tool": "embedded", "binning": 6, "device": "cpu"},
        "tilt_axis_angle": 85,
    }
    assert chosen(parameters) == {
        "acquisition.pixel_size": 1.1,
        "acquisition.voltage": 200.0,
        "ctf_estimator.tool": "ctffind4",
        "reconstructor.tool": "embedded",
        "reconstructor.binning": 6,
        "tilt_axis_angle": 85,
    }


def test_parameters_that_are_wrong_are_shown_as_they_are():
    assert chosen({"aligner": {"tool": "nonesuch", "a": {"b": [1]}}}) == {
        "aligner.tool": "nonesuch",
        "aligner.a.b": [1],
    }


def test_parameters_without_a_tool_are_those_of_the_embedded_one():
    assert chosen({"reconstructor": {"binning": 6}}) == {"reconstructor.binning": 6}


def test_what_is_the_default_of_the_tools_of_particles_is_left_out():
    parameters = {
        "picker": {"diameter_range": [80, 90]},
        "selector": {"tool": "embedded", "threshold": 0.5},
        "classifier_2d": {"tool": "relion", "classes": 33, "iterations": 25},
        "batch_size": 1000,
    }
    assert chosen(parameters) == {
        "picker.diameter_range": [80.0, 90.0],
        "selector.tool": "embedded",
        "classifier_2d.tool": "relion",
        "classifier_2d.classes": 33,
        "batch_size": 1000,
    }
