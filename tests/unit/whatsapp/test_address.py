"""Where messages and tokens may go."""

import httpx
import pytest

from app.whatsapp.client import CloudApi


@pytest.mark.covers("O2")
@pytest.mark.parametrize("url", ["http://graph.facebook.com", "http://10.0.0.7:8080", "http://127.0.0.1.example.com"])
def test_a_token_never_travels_in_clear(url: str) -> None:
    with pytest.raises(ValueError, match="in clear"):
        CloudApi(url, "v23.0", httpx.AsyncHTTPTransport())


@pytest.mark.parametrize(
    "url", ["https://graph.facebook.com", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"]
)
def test_https_goes_anywhere_and_http_to_this_machine(url: str) -> None:
    CloudApi(url, "v23.0", httpx.AsyncHTTPTransport())
