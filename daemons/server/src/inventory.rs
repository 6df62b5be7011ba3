//! The inventory in force: loaded at the start, replaced by an import, never half of one.
//!
//! A new inventory is staged beside the old one, as `FILE.novo`, in JSON. It is read whole, compared with
//! what is sold, renamed over the old file and only then shown, the last two on the ledger's
//! thread, so that no sale falls between them. Whatever goes wrong, the old one stays.

use crate::connection::Later;
use crate::daemon::internal;
use crate::memory;
use agencia_catalog::{Catalog, InventoryError, Product};
use agencia_protocol::request::Imported;
use agencia_protocol::{Code, OfferId, OfferKey, WireError};
use agencia_store::{Adopted, Ledger, StoreError, UnitChange};
use arc_swap::{ArcSwap, Guard};
use async_channel::{Receiver, Sender};
use log::{info, warn};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why an inventory cannot be put in force when the daemon starts.
#[derive(Debug, thiserror::Error)]
pub enum InventoryRefused {
    /// There is none.
    #[error(
        "{}: there is no inventory; make one with agencia-mocks --out DIR and copy it there, or \
         bring your own with agencia import, or name another file with inventory",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] InventoryError),
    /// It gives an offer fewer units than were sold.
    #[error(
        "{}: the offer {id} has {capacity} units there and {used} are sold; give it at least \
         {used}, or put the previous inventory back",
        path.display()
    )]
    BelowSold {
        /// The file.
        path: PathBuf,
        /// The offer.
        id: String,
        /// The units in the file.
        capacity: u32,
        /// The units that are sold.
        used: u32,
    },
    /// Another one is just being put in force.
    #[error("an import is under way; reload again when it is done")]
    Busy,
    /// The ledger could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The inventory in force and where it comes from.
#[derive(Debug)]
pub(crate) struct Inventory<P: Product> {
    path: PathBuf,
    capacity_default: u16,
    current: ArcSwap<Catalog<P>>,
    importing: AtomicBool,
}

impl<P: Product> Inventory<P> {
    /// Reads the file. What is left of each offer is not known before it is adopted.
    pub(crate) fn load(path: &Path, capacity_default: u16) -> Result<Self, InventoryRefused> {
        let catalog = load(path, capacity_default)?;
        memory::give_back();
        Ok(Self {
            path: path.to_owned(),
            capacity_default,
            current: ArcSwap::from_pointee(catalog),
            importing: AtomicBool::new(false),
        })
    }

    /// The catalog in force, for one answer.
    pub(crate) fn catalog(&self) -> Guard<Arc<Catalog<P>>> {
        self.current.load()
    }

    /// Follows what the ledger has committed.
    pub(crate) fn follow(&self, changes: &[UnitChange]) {
        let catalog = self.current.load();
        for change in changes {
            catalog.set_used(change.offer, change.used);
        }
    }

    /// Puts the inventory that was loaded in force.
    pub(crate) async fn adopt_first(&self, ledger: &Ledger) -> Result<(), InventoryRefused> {
        let catalog = self.current.load_full();
        self.adopt(ledger, catalog, |catalog, used| note_used(&catalog, used)).await
    }

    /// Has the ledger follow this catalog, which is installed on its thread, between two commits.
    async fn adopt(
        &self,
        ledger: &Ledger,
        catalog: Arc<Catalog<P>>,
        install: impl FnOnce(Arc<Catalog<P>>, &[UnitChange]) + Send + 'static,
    ) -> Result<(), InventoryRefused> {
        let (asked, installed) = (catalog.clone(), catalog.clone());
        let capacity_of = Box::new(move |offer| asked.capacity_of(offer));
        let install = Box::new(move |used: &[UnitChange]| install(installed, used));
        match ledger.adopt(capacity_of, install).await? {
            Adopted::Adopted { withdrawn: 0 } => Ok(()),
            Adopted::Adopted { withdrawn } => {
                warn!("{withdrawn} offers with bookings are not in the inventory: withdrawn");
                Ok(())
            }
            Adopted::BelowSold { offer, capacity, used } => {
                let path = self.path.clone();
                let id = name(&catalog, offer);
                Err(InventoryRefused::BelowSold { path, id, capacity, used })
            }
        }
    }

    /// Starts to put the staged inventory in force. Only one import goes on at a time.
    pub(crate) fn import(self: Arc<Self>, ledger: Ledger) -> Result<Later, WireError> {
        if self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
            // Under this name the next start would read JSON as CSV.
            let message = "o inventário em vigor é CSV e uma importação traz JSON: troque o \
                           arquivo à mão ou mude inventory";
            return Err(WireError::new(Code::Conflict, message));
        }
        let Some(turn) = Turn::take(self) else {
            return Err(WireError::new(Code::Busy, "já há uma importação em andamento"));
        };
        Ok(Box::pin(async move {
            let imported = import(turn, ledger).await?;
            smol::unblock(memory::give_back).await;
            serde_json::to_vec(&imported).map_err(internal)
        }))
    }

    /// Reads the file again and puts it in force; tells how many offers it has. Whatever goes wrong,
    /// what was in force stays.
    pub(crate) async fn reread(
        self: Arc<Self>,
        ledger: &Ledger,
    ) -> Result<usize, InventoryRefused> {
        let turn = Turn::take(self.clone()).ok_or(InventoryRefused::Busy)?;
        let (path, capacity_default) = (self.path.clone(), self.capacity_default);
        let catalog = smol::unblock(move || load(&path, capacity_default)).await?;
        let offers = catalog.len();
        let install = move |catalog: Arc<Catalog<P>>, used: &[UnitChange]| {
            note_used(&catalog, used);
            turn.0.current.store(catalog);
        };
        self.adopt(ledger, Arc::new(catalog), install).await?;
        smol::unblock(memory::give_back).await;
        Ok(offers)
    }

    fn staged(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".novo");
        path.into()
    }

    /// Makes the staged file the inventory, durably.
    fn promote(&self) -> io::Result<()> {
        fs::rename(self.staged(), &self.path)?;
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
            // It is renamed: going back now could only make it worse.
            warn!("{}: a power cut may bring the old inventory back: {error}", folder.display());
        }
        Ok(())
    }
}

/// The turn of one import, until it is dropped.
struct Turn<P: Product>(Arc<Inventory<P>>);

impl<P: Product> Turn<P> {
    fn take(inventory: Arc<Inventory<P>>) -> Option<Self> {
        (!inventory.importing.swap(true, Ordering::AcqRel)).then(|| Self(inventory))
    }
}

impl<P: Product> Drop for Turn<P> {
    fn drop(&mut self) {
        self.0.importing.store(false, Ordering::Release);
    }
}

fn load<P: Product>(path: &Path, capacity_default: u16) -> Result<Catalog<P>, InventoryRefused> {
    Catalog::load(path, capacity_default).map_err(|error| match error {
        InventoryError::Read { path, source } if source.kind() == ErrorKind::NotFound => {
            InventoryRefused::Missing { path }
        }
        other => other.into(),
    })
}

async fn import<P: Product>(turn: Turn<P>, ledger: Ledger) -> Result<Imported, WireError> {
    let (turn, staged) = smol::unblock(move || load_staged(turn)).await?;
    adopt(turn, staged, ledger).await
}

/// The same, with the file read at once, for whoever must not depend on a thread.
#[cfg(test)]
pub(crate) fn import_now<P: Product>(
    inventory: &Arc<Inventory<P>>,
    ledger: Ledger,
) -> impl Future<Output = Result<Imported, WireError>> + Send + 'static + use<P> {
    let busy = inventory.importing.swap(true, Ordering::AcqRel);
    let loaded = match busy {
        true => Err(WireError::new(Code::Busy, "já há uma importação em andamento")),
        false => load_staged(Turn(inventory.clone())),
    };
    async move {
        let (turn, staged) = loaded?;
        adopt(turn, staged, ledger).await
    }
}

/// Puts an inventory that is loaded in force.
async fn adopt<P: Product>(
    turn: Turn<P>,
    staged: Arc<Catalog<P>>,
    ledger: Ledger,
) -> Result<Imported, WireError> {
    let inventory = turn.0.clone();
    let offers = staged.len() as u64;
    let (done, promoted) = async_channel::bounded(1);
    let (asked, installed) = (staged.clone(), staged.clone());
    let capacity_of = Box::new(move |offer| asked.capacity_of(offer));
    let install = Box::new(move |used: &[UnitChange]| put_in_force(turn, installed, used, &done));
    match ledger.adopt(capacity_of, install).await.map_err(unadopted)? {
        Adopted::Adopted { withdrawn } => {
            if let Err(error) = told(&promoted).await {
                // The ledger follows the new inventory and nobody else does.
                inventory.adopt_first(&ledger).await.map_err(internal)?;
                return Err(internal(format!("{}: {error}", inventory.staged().display())));
            }
            info!("Imported {offers} offers; {withdrawn} with bookings are withdrawn");
            Ok(Imported { offers, withdrawn })
        }
        Adopted::BelowSold { offer, capacity, used } => {
            let id = name(&staged, offer);
            let message = format!(
                "o novo inventário dá {capacity} unidades à oferta {id} e {used} já foram vendidas"
            );
            Err(WireError::new(Code::Conflict, message).about(id))
        }
    }
}

/// Reads the staged file, on a thread that may block.
fn load_staged<P: Product>(turn: Turn<P>) -> Result<(Turn<P>, Arc<Catalog<P>>), WireError> {
    let staged = turn.0.staged();
    let catalog = Catalog::load(&staged, turn.0.capacity_default).map_err(unreadable)?;
    // What is renamed later must be on the disk before.
    let synced = File::open(&staged).and_then(|file| file.sync_all());
    synced.map_err(|error| internal(format!("{}: {error}", staged.display())))?;
    Ok((turn, Arc::new(catalog)))
}

/// Runs on the ledger's thread, between two commits.
fn put_in_force<P: Product>(
    turn: Turn<P>,
    catalog: Arc<Catalog<P>>,
    used: &[UnitChange],
    done: &Sender<io::Result<()>>,
) {
    let inventory = &turn.0;
    let promoted = inventory.promote();
    if promoted.is_ok() {
        note_used(&catalog, used);
        inventory.current.store(catalog);
    }
    // There is room for the one answer; whoever asked may be gone.
    done.try_send(promoted).ok();
}

async fn told(promoted: &Receiver<io::Result<()>>) -> io::Result<()> {
    promoted.recv().await.unwrap_or_else(|_| Err(io::Error::other("the ledger did not install it")))
}

fn note_used<P: Product>(catalog: &Catalog<P>, used: &[UnitChange]) {
    for change in used {
        catalog.set_used(change.offer, change.used);
    }
}

fn name<P: Product>(catalog: &Catalog<P>, offer: OfferKey) -> String {
    catalog.id_of(offer).unwrap_or_else(|| OfferId::from_key(offer)).to_string()
}

fn unadopted(error: StoreError) -> WireError {
    match error {
        StoreError::Unknown => WireError::new(
            Code::Unknown,
            "não se sabe se o inventário foi trocado; veja o registro do servidor",
        ),
        other => internal(other),
    }
}

fn unreadable(error: InventoryError) -> WireError {
    match error {
        InventoryError::Read { path, source } if source.kind() == ErrorKind::NotFound => {
            WireError::field("action", format!("não há inventário novo em {}", path.display()))
        }
        InventoryError::Record { number, error, .. } => {
            let message = format!("registro {number} do inventário novo: {}", error.message);
            WireError { message, ..error }
        }
        InventoryError::Shape { number, reason, .. } => {
            let message = format!("registro {number} do inventário novo: {reason}");
            WireError::new(Code::InvalidJson, message)
        }
        other => internal(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cars::Cars;

    fn inventory(name: &str, text: &str) -> (tempfile::TempDir, Arc<Inventory<Cars>>, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let inventory = Arc::new(Inventory::load(&path, 1).unwrap());
        let (name, key) = ("carros".parse().unwrap(), agencia_trip::Key::new([7; 32]));
        let path = folder.path().join("livro.sqlite");
        let options = agencia_store::LedgerOptions {
            ballast_bytes: 0,
            ..agencia_store::LedgerOptions::new(path, 'C', name, key)
        };
        let (ledger, _) = Ledger::open(options, Box::new(|_| {})).unwrap();
        (folder, inventory, ledger)
    }

    #[test]
    fn one_import_goes_on_at_a_time_and_one_that_is_given_up_leaves_its_turn() {
        let (_folder, inventory, ledger) = inventory("inventario.json", "[]");
        let first = inventory.clone().import(ledger.clone());
        assert!(first.is_ok());
        let second = inventory.clone().import(ledger.clone()).err().unwrap();
        assert_eq!(second.code, Code::Busy);
        drop(first);
        assert!(inventory.import(ledger).is_ok());
    }

    #[test]
    fn an_import_never_puts_json_under_the_name_of_a_csv_file() {
        let (_folder, inventory, ledger) = inventory("inventario.csv", "dia,valor,modelo,cidade\n");
        let refused = inventory.import(ledger).err().unwrap();
        assert_eq!(refused.code, Code::Conflict);
    }
}
