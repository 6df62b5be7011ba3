-- Offers of which something was ever taken, and no others: an inventory of ten million offers of
-- which a thousand were sold has a thousand rows here. `offer` is the offer's 64-bit key, its
-- bits read as a signed number. `oversold` is by how much a recovery found more sold than there
-- are; nothing else can make `used` greater than `capacity`.
create table unit (
    offer    integer primary key,
    capacity integer not null,
    used     integer not null,
    oversold integer not null,
    check (oversold >= 0),
    check (used between 0 and capacity + oversold)
) strict;

-- Everything this daemon knows of a trip, one row each: `trip` is its uuid and `row` what
-- agencia_trip keeps of it, as json. The other columns are read off the row, for the indexes.
--
-- live: 0 nothing is to be done, 1 a hold that expires, 2 in doubt (a part that waits for
-- its outcome, or an outcome that waits for its acknowledgements).
-- kind: 0 a tombstone, 1 a booking, 2 a booking that is over; null while units are only held.
-- first_day: of a booking's service, in days since 1970. over_at: when the last of them ends, for
-- a tombstone when it was made; retention counts from there. Moments are unix milliseconds.
create table trip (
    id        integer primary key,
    trip      blob    not null unique check (length(trip) = 16),
    written   integer not null,
    live      integer not null,
    forced    integer not null,
    shared    integer not null,
    kind      integer,
    first_day integer,
    over_at   integer,
    locator   text,
    row       text    not null
) strict;

create unique index trip_locator on trip (locator) where locator is not null;
create index trip_live on trip (trip) where live > 0;
create index trip_forced on trip (trip) where forced > 0;
create index trip_shared on trip (trip) where shared > 0;
create index trip_over on trip (kind, over_at) where over_at is not null;

-- The life of this database: it begins a new one whenever a backup of it is put in force, and is
-- then in recovery until its peers have told what they know. A copy is a backup that was not put
-- in force.
create table life (
    id          integer primary key check (id = 1),
    incarnation integer not null,
    recovering  integer not null,
    copy        integer not null
) strict;
insert into life values (1, 0, 0, 0);

-- The earliest life of each peer whose seals still count.
create table fence (
    daemon      text    primary key,
    incarnation integer not null
) strict, without rowid;
