"""The results page of tours in Flask, rendered for each request from records in memory.

What stands around the list is one piece of text, made once from the page itself: Flask has less to
render than the agency, and asks nobody. gunicorn serves `app`.

PAGE is a file with the page as the agency shows it, RECORDS one with the reply of its daemon.
"""

import json
import os
import re

from flask import Flask, render_template_string

CARDS = """\
{%- for tour in tours %}
<li>
<label class="offer tour">
<input type="checkbox" name="passeio" value="{{ tour.id }}">
<span class="when"><span class="clock"><time>{{ tour.time }}</time></span></span>
<span class="where"><span class="name">{{ tour.sight }}</span> <span class="small">{{ tour.address }}</span></span>
<span class="cost">
<strong>{{ tour.price }}</strong>
</span>
</label>
</li>
{%- endfor %}"""


def read(name):
    with open(os.environ[name], encoding="utf-8") as file:
        return file.read()


def price(text):
    """906,00R$ as pages write it."""
    return "R$\u00a0" + text.removesuffix("R$")


app = Flask(__name__)
before, list_begin, rest = re.split(r'(<ul class="offers">)', read("PAGE"), maxsplit=1)
after = rest[rest.index("\n</ul>"):]
# Every request asks for the template by its text, which Flask compiles once.
TEMPLATE = "{% autoescape true %}{{ before|safe }}" + CARDS + "{{ after|safe }}{% endautoescape %}"
RECORDS = json.loads(read("RECORDS"))["passeio"]


@app.get("/passeios")
def results():
    tours = [
        {
            "id": record["id"],
            "time": record["horario"].removesuffix("h"),
            "sight": record["local"],
            "address": record["endereco"],
            "price": price(record["valor"]),
        }
        for record in RECORDS
    ]
    return render_template_string(TEMPLATE, tours=tours, before=before + list_begin, after=after)
