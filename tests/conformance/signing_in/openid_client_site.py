"""A site that signs people in with a library that is not ours, in its default settings: run by test_openid_clients.

python openid_client_site.py LIBRARY ISSUER; prints the email address of who signed in.
"""

from __future__ import annotations

import sys

LIBRARY, ISSUER = sys.argv[1:]
CLIENT, SECRET, SITE = "library", "a-secret-of-the-sandbox", "http://testserver"
USUAL_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
]
APPS = {
    "allauth": [
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ],
    "social-auth": ["social_django"],
    "mozilla-django-oidc": ["mozilla_django_oidc"],
}
SETTINGS = {
    "allauth": {
        "SOCIALACCOUNT_PROVIDERS": {
            "openid_connect": {
                "APPS": [
                    {
                        "provider_id": "sandbox",
                        "name": "Sandbox",
                        "client_id": CLIENT,
                        "secret": SECRET,
                        "settings": {"server_url": ISSUER},
                    }
                ]
            }
        },
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
    },
    "social-auth": {
        "AUTHENTICATION_BACKENDS": ["social_core.backends.open_id_connect.OpenIdConnectAuth"],
        "SOCIAL_AUTH_OIDC_OIDC_ENDPOINT": ISSUER,
        "SOCIAL_AUTH_OIDC_KEY": CLIENT,
        "SOCIAL_AUTH_OIDC_SECRET": SECRET,
    },
    "mozilla-django-oidc": {
        "AUTHENTICATION_BACKENDS": ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
        "OIDC_RP_CLIENT_ID": CLIENT,
        "OIDC_RP_CLIENT_SECRET": SECRET,
        "OIDC_OP_AUTHORIZATION_ENDPOINT": f"{ISSUER}/authorize",
        "OIDC_OP_TOKEN_ENDPOINT": f"{ISSUER}/token",
        "OIDC_OP_USER_ENDPOINT": f"{ISSUER}/userinfo",
        # not defaults of its own: the provider publishes its keys, and signs with RS256
        "OIDC_OP_JWKS_ENDPOINT": f"{ISSUER}/keys",
        "OIDC_RP_SIGN_ALGO": "RS256",
    },
}
PATHS = {
    "allauth": "/accounts/oidc/sandbox/login/",
    "social-auth": "/login/oidc/",
    "mozilla-django-oidc": "/oidc/authenticate/",
}
INCLUDED = {
    "allauth": ("accounts/", "allauth.urls"),
    "social-auth": ("", "social_django.urls"),
    "mozilla-django-oidc": ("oidc/", "mozilla_django_oidc.urls"),
}


def main() -> int:
    import django
    import requests
    from django.conf import settings
    from django.urls import include, path

    prefix, module = INCLUDED[LIBRARY]
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    if LIBRARY == "allauth":
        middleware.append("allauth.account.middleware.AccountMiddleware")
    settings.configure(
        SECRET_KEY="not-a-secret-of-anything",
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=[*USUAL_APPS, *APPS[LIBRARY]],
        MIDDLEWARE=middleware,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        ROOT_URLCONF="urls_of_the_site",
        SITE_ID=1,
        LOGIN_REDIRECT_URL="/signed-in",
        **SETTINGS[LIBRARY],
    )
    urls = type(sys)("urls_of_the_site")
    sys.modules["urls_of_the_site"] = urls
    django.setup()
    urls.urlpatterns = [path(prefix, include(module))]
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    site = Client()
    started = site.get(PATHS[LIBRARY]) if LIBRARY == "mozilla-django-oidc" else site.post(PATHS[LIBRARY])
    assert started.status_code == 302, (started.status_code, started.content[:500])
    at_provider = requests.get(started["location"], allow_redirects=False, timeout=30)
    back = at_provider.headers.get("location", "")
    assert back.startswith(SITE), (at_provider.status_code, back, at_provider.text[:500])
    ended = site.get(back.removeprefix(SITE))
    assert ended.status_code == 302, (ended.status_code, ended.content[:2000])
    user = get_user_model().objects.get(pk=site.session["_auth_user_id"])
    sys.stdout.write(user.email)
    return 0


if __name__ == "__main__":
    sys.exit(main())
