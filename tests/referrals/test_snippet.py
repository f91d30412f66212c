from referrals.pages import snippet


def test_serves_the_script_to_every_shop(db, client):
    answer = client.get("/a.js")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer
    assert answer.content == snippet.source()


def test_keeps_the_script_under_three_kilobytes(db, client):
    assert len(client.get("/a.js").content) < 3000


def test_sends_the_script_again_only_once_it_has_changed(db, client):
    version = client.get("/a.js")["ETag"]

    answer = client.get("/a.js", headers={"if-none-match": version})

    assert answer.status_code == 304
    assert answer.content == b""


def test_asks_nothing_of_the_database(db, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/a.js")


def test_takes_no_posts(db, client):
    assert client.post("/a.js").status_code == 405
