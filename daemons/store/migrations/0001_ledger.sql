-- Offers of which something was ever sold, and no others: an inventory of ten million offers of
-- which a thousand were sold has a thousand rows here. `offer` is the offer's 64-bit key, its
-- bits read as a signed number.
create table unit (
    offer    integer primary key,
    capacity integer not null,
    used     integer not null,
    check (used between 0 and capacity)
) strict;

-- One row for each purchase, in the order in which they were made. `record` is the offer as it
-- was sold, a json object; `at` is unix time in milliseconds; `trip` is the uuid of the trip, if
-- the buyer named one, and makes a repetition recognisable.
create table sale (
    id      integer primary key,
    locator text    not null unique,
    trip    blob    unique check (length(trip) = 16),
    at      integer not null,
    record  text    not null
) strict;

-- What each purchase took, so that every `unit.used` can be computed again from the sales.
create table sale_unit (
    sale  integer not null references sale (id),
    offer integer not null references unit (offer),
    count integer not null check (count > 0),
    primary key (sale, offer)
) strict, without rowid;
