from tasks.report.facts import MovieFacts
from tasks.report.squares import square_facts


def movies(**squares: list[int | None]) -> list[MovieFacts]:
    return [
        MovieFacts(name=str(place), path=f"/raw/{name}/Data/{place}.eer", arrived=0, particles=particles)
        for name, found in squares.items()
        for place, particles in enumerate(found)
    ]


def test_movies_are_told_by_grid_square():
    first, second = square_facts(movies(GridSquare_12=[5, None, 9], GridSquare_7=[None]))
    assert (first.name, first.folder, first.movies, first.particles) == ("GridSquare_12", "/raw/GridSquare_12", 3, 7)
    assert (second.name, second.movies, second.particles) == ("GridSquare_7", 1, None)


def test_folders_count_where_there_are_no_grid_squares():
    assert [square.folder for square in square_facts(movies(a=[1], b=[2]))] == ["/raw/a/Data", "/raw/b/Data"]


def test_one_folder_alone_tells_nothing():
    assert square_facts(movies(GridSquare_12=[5, 6])) == ()
    assert square_facts([]) == ()
