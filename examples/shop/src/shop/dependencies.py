"""What endpoints ask for."""

import secrets
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shop.context import Context
from shop.sessions import COOKIE, LIFETIME, Session


async def get_context(request: Request) -> Context:
    """Find what the app works with."""
    return cast("Context", request.app.state.context)


Shop = Annotated[Context, Depends(get_context)]


def get_session(request: Request, shop: Shop) -> Session:
    """Find the visitor's session."""
    return shop.sessions.load(request.cookies.get(COOKIE))


Visitor = Annotated[Session, Depends(get_session)]


def save_session(request: Request, response: Response, session: Session) -> None:
    """Keep the visitor's session, and have the browser remember which it is."""
    shop = cast("Context", request.app.state.context)
    response.set_cookie(
        COOKIE,
        shop.sessions.save(session),
        max_age=LIFETIME,
        httponly=True,
        samesite="lax",
        secure=shop.settings.behind_cdn or request.url.scheme == "https",
    )


async def require_staff(
    shop: Shop,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> None:
    """Let in who bears the staff's token; where none is set, nobody."""
    token = shop.settings.staff_token
    if token is None or given is None:
        raise HTTPException(401, "staff only", headers={"WWW-Authenticate": "Bearer"})
    expected = token.get_secret_value().encode()
    if not secrets.compare_digest(given.credentials.encode(), expected):
        raise HTTPException(403, "staff only")
