//! Power cuts: the ledgers lie on ext4 on a loop device, travellers book, and the file system is shut
//! down without flushing anything; then it is mounted again, and what was acknowledged must be there.
//!
//! `FS_IOC_SHUTDOWN` keeps everything from the device that was not synced; what the device itself
//! keeps in a cache is not part of it. Daemons are stopped in the middle of what they do when the
//! power goes, or have just been killed: nobody computes on without power. The negative control is
//! the same with daemons for which `fdatasync` does nothing (libeatmydata): acknowledged bookings are
//! lost, and this notices.

mod cuts;

use agencia_tests::faults::command::{library, need_root};
use agencia_tests::faults::disk;
use agencia_tests::seed::{is_soak, seed};
use cuts::{Cuts, Site};
use std::time::Instant;

/// How often the power is cut.
fn cuts() -> usize {
    if is_soak() { 600 } else { 100 }
}

/// How often, at most, without syncing.
const CONTROL_CUTS_MAX: usize = 10;

#[test]
fn what_was_acknowledged_outlives_a_power_cut() {
    need_root(&disk::NEEDS);
    let site = Site::new(None);
    let mut all = Cuts::new(&site, seed("power"));
    let begun = Instant::now();
    for cut in 1..=cuts() {
        all.cut();
        assert_eq!(all.damage(), None);
        all.check_new().expect_none();
        if cut % 10 == 0 {
            let findings = all.check();
            findings.expect_none();
            let (booked, trips) = (findings.booked, all.trips());
            println!("{cut} cuts: {booked} of {trips} trips booked, {:.0?}", begun.elapsed());
        }
    }
    let findings = all.check_again();
    findings.expect_none();
    let (booked, told) = (findings.booked, all.told());
    println!("{} cuts, {} trips, {booked} booked, {told} acknowledged", cuts(), all.trips());
    assert!(told > cuts() * 5, "{told} acknowledged trips: too few to tell anything");
}

#[test]
fn without_syncing_acknowledged_bookings_are_lost_and_that_is_noticed() {
    need_root(&disk::NEEDS);
    let library = library("libeatmydata.so", "libeatmydata1");
    let site = Site::new(Some(&library));
    let mut all = Cuts::new(&site, seed("power, control"));
    let noticed = (1..=CONTROL_CUTS_MAX).find_map(|cut| {
        // Empty ledgers are there: what is lost are bookings.
        all.prepare();
        all.cut();
        let lost = all.damage().or_else(|| all.lost());
        lost.map(|lost| format!("{cut}: {lost}"))
    });
    println!("noticed after cut {noticed:?}");
    assert!(noticed.is_some(), "nothing was lost: this suite would not notice anything");
}
