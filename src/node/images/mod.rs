//! Images on this host: getting those of containers, knowing which the agent got, and removing those that no task needs any
//! more. What somebody else brought to the host is left alone.
//!
//! A removal must not come between a pull and the container that is made of it. From when a task asks for an image until it
//! has ended, its names are on the board, and an image that has one of them stays ([`needed`]). Only what a pull brings that
//! is still on its way is not known; so an image is removed while nothing is being pulled, and nothing is pulled meanwhile.

mod choice;
pub(crate) mod cleanup;
mod ledger;
mod listing;
mod needed;
mod pull;
mod reference;

use tokio::sync::RwLock;

use crate::journal::Journal;
use ledger::Ledger;
pub(crate) use ledger::Pulled;
use listing::Listing;
use pull::Flights;
pub(crate) use pull::get;

/// What the agent knows of the images of this host, and what keeps those who handle them apart.
pub(crate) struct Images {
    flights: Flights,
    ledger: Ledger,
    listing: Listing,
    /// Shared by pulls, and had alone by a removal. Nobody waits in line for having it alone: pulls that come would wait for
    /// those that go on.
    gate: RwLock<()>,
}

impl Images {
    /// With what is written down.
    pub(crate) fn open(journal: &Journal) -> Self {
        Self {
            flights: Flights::default(),
            ledger: Ledger::open(journal),
            listing: Listing::default(),
            gate: RwLock::default(),
        }
    }
}
