//! The package as an administrator meets it: on booted systems of both releases of Debian that it is
//! for, it is installed, operated, upgraded under load, damaged and removed.
//!
//! `tests/run deb` builds the package and makes the systems first.

mod package;
mod visits;
mod pages;
mod install;
mod operate;
mod upkeep;
mod upgrade;
mod faults;
mod remove;
mod hosts;

/// Each of these tests, on each release.
macro_rules! on_both {
    ($($test:path as $name:ident;)*) => {
        mod debian_12 {
            $(#[test] fn $name() { $test(agencia_tests::machine::Debian::Bookworm); })*
        }
        mod debian_13 {
            $(#[test] fn $name() { $test(agencia_tests::machine::Debian::Trixie); })*
        }
    };
}

/// Two systems at once are as many as there need be: one of each release.
#[test]
fn a_trip_is_booked_over_tls_on_three_machines_that_were_set_up_as_the_readme_has_it() {
    hosts::three();
}

on_both! {
    crate::install::one_command as one_command_installs_a_whole_agency_and_it_comes_back_after_a_boot;
    crate::operate::every_start as every_way_to_start_brings_what_it_names_and_the_daemons;
    crate::operate::listeners as a_restart_keeps_a_listener_and_a_stop_lets_go_of_it;
    crate::operate::reloading as a_reload_takes_good_files_and_refuses_bad_ones_where_the_status_says_so;
    crate::upkeep::all as offers_and_backups_of_an_administrators_own_and_sockets_work_as_they_are_told;
    crate::upgrade::under_load as an_upgrade_and_a_restart_under_load_fail_nobody_and_keep_every_booking;
    crate::faults::all as wrong_settings_taken_ports_killed_and_hung_services_are_told_and_mended;
    crate::remove::all as removing_keeps_what_is_the_administrators_and_a_purge_nothing;
}
