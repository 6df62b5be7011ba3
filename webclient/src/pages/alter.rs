//! `/viagem/ID/alterar`: the names of a booked trip, changed by the same form and under the same
//! rules as they were given. Nothing else of the trip changes.

use super::access::Pass;
use super::item::Item;
use super::missing::choice_of;
use super::names::{CONTACT, named, read};
use super::travellers::TravellersForm;
use super::{Layout, Outcome, Step, Visit, page, see_other};
use crate::daemons::{Daemon, DaemonError};
use crate::forms::Fields;
use crate::language::{Key, Lang};
use crate::texts;
use crate::trip::{self, Known, Standing};
use agencia_client::ClientError;
use agencia_protocol::Code;
use agencia_protocol::trip::{Alter, Contact, StateReply, TRAVELLERS_MAX, Traveller};
use askama::Template;
use warp::http::StatusCode;
use warp::reply::Response;

#[derive(Template)]
#[template(path = "alterar.html")]
struct AlterPage {
    lang: Lang,
    layout: Layout,
    notice: Option<&'static str>,
    form: TravellersForm,
    locator: Option<String>,
    items: Vec<Item>,
    back: String,
}

/// A booked trip whose names can be changed.
struct Booked {
    anchor: Daemon,
    travellers: Vec<Traveller>,
    contact: Option<Contact>,
    /// How many are named.
    rows: usize,
    known: Vec<Known>,
}

impl Booked {
    /// What the daemons say of the trip; nothing unless its anchor says that it is booked.
    async fn find(visit: &Visit, pass: &Pass) -> Option<Self> {
        let known = visit.consult(pass.trip).await;
        let standing = trip::standing(&known);
        let Standing::Booked { anchor: Some(anchor), .. } = standing else { return None };
        let view = known.iter().find(|known| known.daemon == anchor)?.view.clone()?;
        let items = trip::items(&known, &standing);
        let people = choice_of(&items, None).people.unwrap_or_default();
        let rows = named(people.count()).max(view.travellers.len()).min(TRAVELLERS_MAX);
        Some(Self { anchor, travellers: view.travellers, contact: view.contact, rows, known })
    }

    /// The names as they are. Documents are not shown to whoever has the voucher.
    fn fields(&self) -> Fields {
        let mut fields = Vec::new();
        for (place, traveller) in self.travellers.iter().enumerate() {
            let number = place + 1;
            fields.push((format!("nome{number}"), traveller.name.to_string()));
            fields.push((format!("sobrenome{number}"), traveller.surname.to_string()));
        }
        let contact = self.contact.iter();
        fields.extend(contact.map(|contact| (CONTACT.to_owned(), contact.to_string())));
        fields.into()
    }

    /// The travellers with the documents that are known of those who stay, each of them once: in a
    /// group two may have the same name.
    fn with_documents(&self, mut travellers: Vec<Traveller>) -> Vec<Traveller> {
        let mut before: Vec<_> = self.travellers.iter().collect();
        for traveller in &mut travellers {
            let is_same = |old: &&Traveller| {
                (&old.name, &old.surname) == (&traveller.name, &traveller.surname)
            };
            let old = before.iter().position(is_same).map(|place| before.remove(place));
            if traveller.document.is_none() {
                traveller.document = old.and_then(|old| old.document.clone());
            }
        }
        travellers
    }

    fn page(
        &self,
        visit: &Visit,
        pass: &Pass,
        form: TravellersForm,
        (status, notice): (StatusCode, Option<Key>),
    ) -> Response {
        let lang = visit.lang();
        let standing = trip::standing(&self.known);
        let items = trip::items(&self.known, &standing);
        let locator = self.known.iter().find_map(|known| known.view.as_ref()?.locator);
        let title = lang.t("alter-title");
        let page_of = AlterPage {
            lang,
            layout: Layout::new(&visit.frame, title, Some(Step::Voucher), &choice_of(&items, None)),
            notice: notice.map(|key| lang.say(key)),
            form,
            locator: locator.map(|locator| locator.to_string()),
            items: items.iter().map(|item| Item::of_trip(lang, item)).collect(),
            back: pass.link(""),
        };
        page(status, &page_of)
    }
}

/// The form, filled with who travels.
pub(crate) async fn ask(visit: Visit, pass: Pass) -> Outcome {
    let Some(booked) = Booked::find(&visit, &pass).await else {
        return Ok(see_other(&pass.link("")));
    };
    let fields = booked.fields();
    let form = TravellersForm::to_alter(visit.lang(), &pass, booked.rows, &fields, &[]);
    Ok(booked.page(&visit, &pass, form, (StatusCode::OK, None)))
}

/// Changes the names; what was typed stays where that does not succeed.
pub(crate) async fn alter(visit: Visit, pass: Pass) -> Outcome {
    let back = || Ok(see_other(&pass.link("")));
    let Some(booked) = Booked::find(&visit, &pass).await else { return back() };
    let typed = |errors: &[_]| {
        TravellersForm::to_alter(visit.lang(), &pass, booked.rows, &visit.fields, errors)
    };
    let (travellers, contact) = match read(&visit.fields, booked.rows) {
        Ok(read) => read,
        Err(errors) => {
            let said = (StatusCode::BAD_REQUEST, None);
            return Ok(booked.page(&visit, &pass, typed(&errors), said));
        }
    };
    let message = Alter::new(pass.trip, booked.with_documents(travellers), contact);
    let daemons = &visit.site.daemons;
    match daemons.write::<_, StateReply>(booked.anchor, &message, &visit.timing).await {
        Ok(_) => back(),
        // It was cancelled meanwhile: the trip's page says it.
        Err(DaemonError { error: ClientError::Refused(refusal), .. })
            if matches!(refusal.code, Code::Aborted | Code::Conflict) =>
        {
            back()
        }
        Err(failure) => {
            failure.log("did not change names");
            let said = (StatusCode::SERVICE_UNAVAILABLE, Some(texts::NOT_ALTERED));
            Ok(booked.page(&visit, &pass, typed(&[]), said))
        }
    }
}
