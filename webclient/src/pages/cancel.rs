//! `/viagem/ID/cancelar`: what cancelling gives back, part by part, and the cancelling. Nothing is
//! cancelled without a quote that was seen.

use super::access::Pass;
use super::item::Item;
use super::missing::choice_of;
use super::{Layout, Outcome, Step, Visit, error, page, see_other};
use crate::daemons::{Daemon, DaemonError, Heard};
use crate::forms::Pairs;
use crate::language::{Key, Lang};
use crate::texts;
use crate::trip::{self, Known, Standing};
use agencia_client::ClientError;
use agencia_protocol::trip::{
    Apply, ByDaemon, Cancel, CancelReply, Outcome as Decided, Proof, Quote, QuoteCancellation,
    QuoteReply, Refund,
};
use agencia_protocol::{Code, TripId};
use askama::Template;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::time::Instant;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "cancelar.html")]
struct CancelPage {
    lang: Lang,
    layout: Layout,
    notice: Option<&'static str>,
    refund: String,
    /// What each product gives back of its part.
    shares: Vec<Share>,
    /// What it is a part of, and until when it is kept up.
    terms: String,
    items: Vec<Item>,
    action: String,
    hidden: Pairs,
    back: String,
}

/// What one product gives back.
struct Share {
    product: &'static str,
    refund: String,
    /// `de R$ 900,00`
    of: String,
}

/// The page that asks.
pub(crate) async fn ask(visit: Visit, pass: Pass) -> Outcome {
    let known = visit.consult(pass.trip).await;
    match anchor(&known) {
        Some(anchor) => quote(&visit, &pass, &known, anchor, None).await,
        None => Ok(see_other(&pass.link(""))),
    }
}

/// Who can cancel the trip: the daemon that decided that it is booked. Nobody, when it has a part
/// that cannot be asked from here what it gives back.
fn anchor(known: &[Known]) -> Option<Daemon> {
    match trip::standing(known) {
        Standing::Booked { anchor, .. } => anchor.filter(|_| trip::strangers(known).is_empty()),
        _ => None,
    }
}

/// Has every part say what it gives back, and then the anchor the sum of it.
///
/// # Errors
/// Whoever does not say it.
async fn ask_all(
    visit: &Visit,
    trip: TripId,
    known: &[Known],
    anchor: Daemon,
) -> Result<(QuoteReply, Vec<(Daemon, Refund)>), DaemonError> {
    let standing = trip::standing(known);
    let items = trip::items(known, &standing);
    let is_part = |daemon| items.iter().any(|item| item.part.daemon() == daemon);
    let alone = QuoteCancellation::new(trip, ByDaemon::new());
    let asked = visit.site.daemons.each(|daemon| {
        let wanted = daemon != anchor && is_part(daemon);
        let alone = &alone;
        async move {
            match wanted {
                true => visit.read::<_, QuoteReply>(daemon, alone).await.map(Some),
                false => Ok(None),
            }
        }
    });
    let (mut quotes, mut shares) = (ByDaemon::new(), Vec::new());
    for (daemon, quoted) in asked.await {
        let Some(QuoteReply { refund, quote, .. }) = quoted? else { continue };
        quotes.insert(daemon.wire_name(), quote);
        shares.push((daemon, refund));
    }
    let whole: QuoteReply = visit.read(anchor, &QuoteCancellation::new(trip, quotes)).await?;
    let others = shares.iter().map(|(_, refund)| refund.0).sum();
    shares.push((anchor, Refund(whole.refund.0.saturating_sub(others))));
    Ok((whole, shares))
}

async fn quote(
    visit: &Visit,
    pass: &Pass,
    known: &[Known],
    anchor: Daemon,
    notice: Option<Key>,
) -> Outcome {
    let (quoted, shares) = match ask_all(visit, pass.trip, known, anchor).await {
        Ok(quoted) => quoted,
        // It was cancelled, or was never booked: the trip's page knows.
        Err(DaemonError { error: ClientError::Refused(refusal), .. })
            if matches!(refusal.code, Code::Aborted | Code::Conflict) =>
        {
            return Ok(see_other(&pass.link("")));
        }
        Err(failure) => {
            let back = (visit.lang().t("back-to-trip"), pass.link(""));
            return Ok(error::unanswered(&visit.frame, &failure, Some(back)));
        }
    };
    let lang = visit.lang();
    let standing = trip::standing(known);
    let sold = trip::items(known, &standing);
    let items: Vec<_> = sold.iter().map(|item| Item::of_trip(lang, item)).collect();
    let expires = DateTime::<Utc>::from_timestamp_millis(quoted.expires.unix_millis());
    let expires = expires.unwrap_or_default().with_timezone(&visit.now().timezone());
    let hidden = [vec![("cotacao", quoted.quote.to_string())], pass.pairs()].concat();
    let page_of = CancelPage {
        lang,
        layout: Layout::new(
            &visit.frame,
            lang.t("cancel-title"),
            Some(Step::Voucher),
            &choice_of(&sold, None),
        ),
        notice: notice.map(|key| lang.say(key)),
        refund: lang.money(quoted.refund.0),
        shares: told(lang, &items, &shares),
        terms: lang.with(
            "cancel-terms",
            &[
                ("price", &lang.money(items.iter().map(|item| item.cents).sum())),
                ("time", &expires.format("%H:%M").to_string()),
            ],
        ),
        items,
        action: format!("{}/cancelar", super::trip::path(pass.trip)),
        hidden,
        back: pass.link(""),
    };
    let status = if notice.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok(page(status, &page_of))
}

/// The shares in the order of the pages, each with what its items cost.
fn told(lang: Lang, items: &[Item], shares: &[(Daemon, Refund)]) -> Vec<Share> {
    let share = |daemon: Daemon| {
        let (_, refund) = shares.iter().find(|(of, _)| *of == daemon)?;
        let own = items.iter().filter(|item| item.part.daemon() == daemon);
        let cents: u64 = own.map(|item| item.cents).sum();
        // What cost nothing has nothing to give back.
        let price = lang.money((cents > 0).then_some(cents)?);
        Some(Share {
            product: lang.say(texts::product_name(daemon)),
            refund: lang.money(refund.0),
            of: lang.with("cancel-share-of", &[("price", &price)]),
        })
    };
    Daemon::ALL.into_iter().filter_map(share).collect()
}

/// Cancels for the refund that was quoted.
pub(crate) async fn cancel(visit: Visit, pass: Pass) -> Outcome {
    let known = visit.consult(pass.trip).await;
    let back = || Ok(see_other(&pass.link("")));
    let Some(anchor) = anchor(&known) else { return back() };
    let Ok(seen) = visit.fields.first("cotacao").parse::<Quote>() else {
        return quote(&visit, &pass, &known, anchor, Some(texts::QUOTE_AGAIN)).await;
    };
    let message = Cancel::new(pass.trip, seen);
    match visit.site.daemons.write::<_, CancelReply>(anchor, &message, &visit.timing).await {
        Ok(cancelled) => {
            tell(&visit, pass.trip, anchor, &known, cancelled.proof).await;
            back()
        }
        Err(DaemonError { error: ClientError::Refused(refusal), .. })
            if matches!(refusal.code, Code::Expired | Code::Unauthorised) =>
        {
            quote(&visit, &pass, &known, anchor, Some(texts::QUOTE_AGAIN)).await
        }
        // Whatever has become of it, the trip's page says it.
        Err(failure) => {
            failure.log("did not cancel a trip");
            back()
        }
    }
}

/// Tells the other parts at once. Whoever does not hear it is told by the anchor.
async fn tell(visit: &Visit, trip: TripId, anchor: Daemon, known: &[Known], proof: Proof) {
    let message = Apply::new(trip, Decided::Cancelled, proof, None).into();
    let leader = visit.leader();
    let due = Instant::now() + Duration::from_millis(leader.settings.lead_millis.get());
    let has_part = |daemon: Daemon| {
        let view = known.iter().find(|known| known.daemon == daemon);
        view.and_then(|known| known.view.as_ref()).is_some_and(|view| !view.items.is_empty())
    };
    visit
        .site
        .daemons
        .each(|daemon| {
            let (message, leader) = (&message, &leader);
            let concerned = daemon != anchor && has_part(daemon);
            async move {
                match concerned {
                    true => leader.ask(daemon, message, due).await,
                    false => Heard::Nothing,
                }
            }
        })
        .await;
}
