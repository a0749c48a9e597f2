from app.kit.metrics import HttpMetrics, Metrics


def test_every_name_has_our_prefix_and_the_registry_is_our_own() -> None:
    metrics = Metrics()
    metrics.counter("room_things", "Things.", ["state"]).labels("open").inc(2)
    metrics.gauge("room_depth", "Depth.").set(1)

    text, media_type = metrics.render()

    assert b'toplu_room_things_total{state="open"} 2.0' in text
    assert b"toplu_room_depth 1.0" in text
    assert b"python_info" not in text
    assert media_type.startswith("text/plain")


def test_a_request_is_counted_by_template_and_status_class() -> None:
    metrics = Metrics()
    http = HttpMetrics(metrics)

    http.observe(method="GET", route="/v1/things/{id}", status=204, seconds=0.2)
    http.observe(method="BREW", route="unmatched", status=404, seconds=0.2)

    text = metrics.render()[0].decode()
    assert 'toplu_http_requests_total{method="GET",route="/v1/things/{id}",status="2xx"} 1.0' in text
    assert 'toplu_http_requests_total{method="other",route="unmatched",status="4xx"} 1.0' in text
    assert "toplu_http_request_duration_seconds_bucket" in text
