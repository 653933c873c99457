"""Settings have three places; what is nearest to the handler wins."""

import cherrypy


class Islands:
    """Each handler says which greeting it was configured with."""

    @cherrypy.expose
    def index(self) -> str:
        """Use what the whole site has."""
        return greeting()

    @cherrypy.expose
    def hawaii(self) -> str:
        """Use what the application says of this path."""
        return greeting()

    @cherrypy.expose
    @cherrypy.config(greeting="Bula! (said by the handler itself)")
    def fiji(self) -> str:
        """Use what stands at the handler."""
        return greeting()

    @cherrypy.expose
    @cherrypy.config(greeting="Kia ora! (never heard: the application knows better)")
    def aotearoa(self) -> str:
        """Use what the application says, even where the handler says something else."""
        return greeting()

    @cherrypy.expose
    def ferry(self) -> str:
        """Read a setting that is not about paths: a section without a slash is all yours."""
        return f"The ferry has {cherrypy.request.app.config['ferry']['seats']} seats"


def greeting() -> str:
    """Look up what applies to the current request."""
    settings = cherrypy.request.config or {}
    return str(settings["greeting"])


def mount(at: str) -> None:
    """Configure the site, then an application; each could be the name of a file, too."""
    cherrypy.config.update({"greeting": "Hello! (said by the whole site)"})
    config = {
        "/hawaii": {"greeting": "Aloha! (said by the application, for this path)"},
        "/aotearoa": {"greeting": "Kia ora! (said by the application, for this path)"},
        "ferry": {"seats": 2 * 60},
    }
    cherrypy.tree.mount(Islands(), at, config)
