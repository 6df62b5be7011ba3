# All that the pages say, in English. Keys and variables are those of pt-BR.ftl; tests see to it.
## Words that many pages share.
free = Free
optional = (optional)
choose = Choose…
or = or
to = to
number = no.
total = Total
total-known = Total of what this site knows
total-was = Was worth
included = Included
not-included = Not included
people = { $n ->
        [one] { $n } person
       *[other] { $n } people
    }
nights = { $n ->
        [one] { $n } night
       *[other] { $n } nights
    }
beds = { $n ->
        [one] { $n } bed
       *[other] { $n } beds
    }
rooms = { $n ->
        [one] { $n } room
       *[other] { $n } rooms
    }
seats-left = { $n ->
        [one] { $n } seat left
       *[other] { $n } seats left
    }
rooms-left = { $n ->
        [one] { $n } such room left
       *[other] { $n } such rooms left
    }
places-left = { $n ->
        [one] { $n } place left
       *[other] { $n } places left
    }
days = { $first } to { $last }
per-person = per person
per-night = per night
for-all = for everybody
for-people = { $n ->
        [one] for { $n } person
       *[other] for { $n } people
    }
average-night = { $price } a night on average
try-again = Try again
try-other-day = Try another day
change-search = change the search
list-begin = Back to the beginning of the list
sort-label = Order of the list
sort-by = Sort by
sort-time = Time
sort-price = Price
sort-duration = Duration
period-night = Night (0–6)
period-morning = Morning (6–12)
period-afternoon = Afternoon (12–18)
period-evening = Evening (18–24)
filters = Filters
filter-apply = Apply filters
filter-clear = Clear filters
filter-departure = Time of departure
filter-time = Time of day
filter-room = Room
free-only = Free ones only
beds-any = Any number of beds
beds-min = { $n ->
        [one] { $n } bed or more
       *[other] { $n } beds or more
    }
pick-first = Choose one of the list before you go on, or go on without it by the link below it.
filter-none = Nothing in this list passes the filters.
filter-partial = The list is long: only its first 10,000 offers were looked at.
calendar-near = Prices on days around, in R$
calendar-near-inbound = Prices of the return on days around, in R$
calendar-month = Lowest prices of { $month }, in R$
month-of = { $month } { $year }
calendar-earlier = Month before
calendar-later = Month after
calendar-close = Close the calendar
calendar-nothing = nothing on sale
calendar-lowest = lowest of the month
calendar-from = from
where-and-when = Where and when?

## Time.
monday = Mon
tuesday = Tue
wednesday = Wed
thursday = Thu
friday = Fri
saturday = Sat
sunday = Sun
january = January
february = February
march = March
april = April
may = May
june = June
july = July
august = August
september = September
october = October
november = November
december = December
time-left = { $time } left
time-left-one = { $time } left
minutes-left = { $n ->
        [one] { $n } minute left
       *[other] { $n } min left
    }
time-left-seconds = less than 1 minute left
time-left-script = * left
time-over = the time is over

## Around every page.
skip-to-content = Skip to the content
steps = Steps of the trip
step-flight = Flight
step-stay = Stay
step-tour = Tours
step-review = Review
step-voucher = Voucher
step-done = (chosen)
language = Language
footer = Flights, stays and tours in one trip.
my-trip = My trip
payment = Payment
promise-whole-title = All or nothing
promise-whole = Flight, hotel and tours are confirmed together: you are never left with half a trip.
promise-price-title = The price you see
promise-price = Per person and in total, in reais, no fees later. Should it change, we ask first.
promise-cancel-title = Cancelling in the open
promise-cancel = The refund is shown before you confirm, and is kept for as long as the page says.
phone = Phone

## The parts of a trip.
part-outbound = Outbound flight
part-inbound = Return flight
part-stay = Stay
part-tour = Tour
fact-departure = Departure
fact-arrival = Arrival
fact-duration = Duration
fact-leaving = Departure
fact-room = Room
fact-breakfast = Breakfast
fact-address = Address
fact-city = City
fact-when = When
fact-details = Details
fact-unknown = Not available at the moment
offer = Offer { $id }
from-city = From { $city }
to-city = To { $city }
summary-title = Your trip so far
summary-review = Go to the review
skip-flight = Go on without a flight
skip-stay = Go on without a stay
skip-tours = Go on without tours
skip-more-tours = To the review without more tours
skip-these-tours = Go on without these tours
people-notice = Your trip is for { $trip } and this search was for { $searched }. Flights and tours are charged for { $trip }.
people-notice-change = Change the whole trip to { $searched }

## Fields of forms.
field-airport = Destination airport
field-city = City
field-outbound-day = Departure day
field-inbound-day = Return day
field-arrival-day = Arrival day
field-leaving-day = Leaving day
field-tour-day = Day of the tour
field-seats = Number of tickets
field-people = Number of people
field-order = Order
field-after = Continuation of the list
field-outbound = Chosen outbound flight
field-inbound = Chosen return flight
field-trip-people = People on the trip
field-stay = Chosen stay
field-nights = Nights of the stay
field-tour = Chosen tour
field-trip = Trip
field-price = Price
field-other = Field
field-name = First name
field-surname = Surname
field-document = Document
field-contact = Phone or e-mail
field-list = List of travellers
of-traveller = { $field } of traveller { $number }
of-line = Line { $number }, { $field }
field-refused = This value cannot be used.
wrong-missing = Fill in this field.
wrong-place = The name of a place has 1 to 200 letters.
wrong-day = There is no such date. Write a date like 24/12/2026.
wrong-people = Write a number from 1 to 999.
wrong-return = The return cannot be before the departure.
wrong-no-night = You must leave after you arrive: one night at least.
wrong-nights = Write a number of nights from 1 to 365.
wrong-order = There is no such order.
wrong-offer = This is not the code of an offer.
wrong-old-review = Go back to the review and hold the trip again.
wrong-nothing-chosen = The trip is empty: choose one item at least.
wrong-name = Write a text of up to 100 letters; those with accents count twice.
wrong-listed = The list has { $found }: write the names of { $people }, one a line.
wrong-nothing-behind = There is something after the document: a line has a first name, a surname and a document.
wrong-contact = Write a contact of up to 200 letters; those with accents count twice.
wrong-locator = A locator has six letters and digits, like VA9AAC.
wrong-no-such-trip = There is no trip with this locator and this surname.
wrong-too-many-guesses = There were too many attempts. Wait some minutes and try again.
too-many-tours = A trip can have up to { $n } tours.

## Flights.
flights-search-title = Flights
flights-search-heading = Book your flights.
flights-search-lead = From { $airport }.
flights-search-legend = Where to and when?
flights-search-submit = Search flights
flights-title = Choose your flight
flights-heading = Choose your flight.
flights-none-outbound = There is no outbound flight on this day with seats for everybody.
flights-none-inbound = There is no return flight on this day with seats for everybody.
flights-more-outbound = More outbound flights
flights-more-inbound = More return flights
best-price = Lowest price
best-duration = Fastest
best-both = Lowest price and fastest
pairs-title = There and back with one click
pair-cheapest = The cheapest
pair-fastest = The fastest
pair-choose = Choose
way-outbound = Outbound
way-inbound = Return
no-outbound = No outbound flight
no-inbound = No return flight
arrives = arrives
leaves-from = From:
arrives-at = To:
go-stays = Continue to the stay

## Stays.
stays-search-title = Stay
stays-search-heading = Book your stay.
stays-search-lead = The same room, free on every night.
stays-search-submit = Search stays
stays-title = Choose your hotel
stays-heading = Choose your hotel.
stays-list = Rooms free on every night
stays-list-order = lowest price first
stays-none = There is no free room in { $city } on these days with beds for everybody.
stays-none-try = Try other days or fewer people
stays-more = More rooms
breakfast = Breakfast included
no-breakfast = No breakfast
go-tours = Continue to the tours

## Tours.
tours-search-title = Tours
tours-search-heading = Tours and sights.
tours-search-lead = One, several or none: choose what to see there.
tours-search-submit = Search tours
tours-title = Choose your tour
tours-heading = Choose your tour.
tours-list = Tours on this day
tours-list-many = choose as many as you like
tours-none = There is no tour in { $city } on this day with places for everybody.
tours-more = More tours
tours-other-days = Other days
go-review = Review the trip

## The review.
review-title = Review your trip
review-heading = Review your trip.
review-empty = Your trip is empty. Begin where you like:
review-for = For { $people }.
review-changes = What is held now stays as it is until you confirm the change.
review-new = Nothing is held yet: prices and places are those of this moment.
review-held = This trip is held already.
review-held-see = See what is held
review-decided = The trip that you come from was decided and changes no more. Holding this one begins another trip.
review-decided-see = See how it stands
misfits-title = Check before you go on
misfit-return = The return flight leaves before the outbound flight arrives.
misfit-airports = The outbound flight is to { $there } and the return flight from { $back }.
misfit-beds = The room has { $beds } and you are { $people }.
misfit-tour-city = The tour { $tour } is in { $city }.
misfit-tours = The tours { $other } and { $tour } begin at the same time.
misfit-city = The stay is in { $hotel } and the flight is to { $flight }.
misfit-arrival = The stay begins on { $stay } and the outbound flight arrives on { $flight }.
misfit-leaving = The stay ends on { $stay } and the return flight leaves on { $flight }.
misfit-tour-early = The tour { $tour } ({ $day }) begins before you arrive.
misfit-tour-late = The tour { $tour } ({ $day }) begins after you leave.
line-choose-other = Choose another one
line-take-out = take it out of the trip
line-change = Change
line-remove = Remove
choose-flight = Choose a flight
choose-stay = Choose a stay
choose-tour = Choose a tour
choose-more-tours = Choose more tours
sending = Sending…
hold-all = Hold everything
hold-change = Change the trip
hold-explained = Everything is held for a while, without obligation: then you say who travels and confirm.
hold-impossible = There is an item that cannot be bought. Change or remove it to go on.
price-was = The price has changed: it was { $old } when you saw it, now it is { $new }.
gone-sold-out = Sold out: there are no places for everybody any more.
gone = This offer is no longer on sale.
gone-unread = This offer could not be looked up just now.

## A trip and how it stands.
trip-nothing-title = Nothing is held
trip-nothing = No item of this trip could be held, and nothing was charged. Choose how to go on.
review-again = Review and try again
trip-items = Items
trip-silent-title = We cannot look up your trip just now
trip-silent = Your trip is as you left it.
trip-held-title = Everything is held. Who travels?
trip-held = Fill in the names and confirm: only then is the trip bought, all of it or nothing.
trip-held-items = Held for you
partly-held-title = A part of your trip is missing
partly-held = What stands below under “Held for you” is yours until the time is over. Choose how to go on.
trip-undecided-title = We do not know yet how your trip stands
trip-undecided = The servers are settling it among themselves: there is no need to buy again.
trip-unsure-title = Your trip cannot be confirmed just now
trip-unsure = As far as the other servers say, nothing was bought, and what is held stays yours until its time is over. Confirm as soon as every server answers again.
asks-again = This page asks again by itself.
asks-no-more = This page has asked often enough and has stopped. Ask again whenever you like.
trip-booked-title = Have a good trip!
trip-booked = Everything is booked. Keep the locator: with it and a surname you open this trip anywhere.
trip-booked-items = Your trip
voucher-calendar = Add to calendar (.ics)
voucher-cancelled = Cancelled
voucher-print = Printed, everything fits on one A4 sheet.
voucher-qr = Point your phone here to take this page along.
voucher-qr-name = QR code of this page
trip-settling-title = Booked. We are telling everybody.
trip-settling = Your trip is booked, all of it. One server has yet to say that it has written that down, which happens by itself.
trip-cancelled-title = Trip cancelled
trip-cancelled = The whole trip was cancelled: nothing is held for it any more.
trip-cancelled-items = What was cancelled
trip-not-booked-title = The trip was not booked
trip-chosen-items = What was chosen
stranger = Another part of this trip ({ $items }) belongs to a service that this site does not know: { $daemon }. To see or change it, or to cancel the trip, ask the agency.
items-of = { $n ->
        [one] { $n } item
       *[other] { $n } items
    }
trip-unheard-all = No answer just now: { $products }.
trip-unheard = No answer just now: { $products }. What stands below is what the other servers say.
server-of = the server for { $product }
aborted = The time of the hold was over, or it was let go.
aborted-expired = The time of the hold was over before the confirmation.
aborted-let-go = The hold was let go before the confirmation.
aborted-deadline = The confirmation did not end in time.
aborted-unknown = The hold no longer existed.
locator = Locator
held-until = Held until
extend = I need more time
extended = You have more time: everything is held until { $time }.
extended-to-the-end = Held until { $time }: more time than that is not possible.
extended-unheard = A server did not answer: what counts is the time shown here. Ask again if you need more.
not-held = Not held
instead = Instead, lowest price first
missing-again = Review and try again
missing-new-price = Review with the new price
missing-search = See all options
missing-without = Go on without this item: { $part }
refund = Refund
travellers = Who travels
traveller = Traveller
alter-title = Change the names
alter-lead = The trip stays the same: only the names and the contact change. Then the voucher opens with the new surnames.
alter-hint = Documents that were given are not shown here: left empty, they stay as they are as long as first name and surname do not change. So does a contact that is left empty.
alter-submit = Save the names
alter-not = Back without changing anything
list-hint = One traveller a line: first name; surname; document, which is optional. Or paste it from a spreadsheet with its columns in this order.
mistakes-more = { $n ->
        [one] and { $n } more mistake
       *[other] and { $n } more mistakes
    }
travellers-many = The group is large: the names of a hundred people are enough.
contact = Contact
book = Confirm the booking
not-charged = Nothing was charged yet. Everything is bought together, or nothing is.
items-again = Review the items
choose-again = Choose the same items again
give-up = Give up and let everything go
ask-now = Ask now
other-trip = Begin another trip
back-to-trip = Back to the trip
notice-trip-changed = The trip changed while this page was open. Check the items and confirm again.
notice-not-altered = We do not know whether the names were saved: the server did not answer. What you typed is here; send it again in some seconds.
notice-quote-again = The amount that was shown before is no longer valid. This is the one of now: check and confirm.
refused-sold-out = Sold out: somebody took the last one before you.
refused-closed = Closed: it has begun, or is no longer on sale.
refused-price = The price has changed since you saw it.
refused-expired = The time of this item's hold is over.
refused-let-go = This item was let go and must be held again.
refused-stale = The page lay open for too long.
refused-busy = There are too many holds just now, perhaps yours: finish or give up one, or try again in a while.
refused-recovering = The server is recovering. Try again in a while.
refused-other = The server refused the request.
refused-silent = The server did not answer in time.
refused-because-of-another = Not held because another item of the same group could not be.
refused-not-yet = Not held yet.

## Opening and cancelling a trip.
my-trip-lead = Open your trip with the locator of the voucher and a traveller's surname.
my-trip-check = Check the locator and the surname.
my-trip-legend = Open my trip
my-trip-open = Open the trip
unknown-trip-title = We did not find this trip
unknown-trip = If it is yours, open it with the locator and a traveller's surname.
terms-title = Should you cancel
terms-lead = A trip is cancelled as a whole. Each part gives back, of what it cost:
terms-until = { $percent } until { $day }
terms-then = then nothing
terms-never = nothing
cancel-title = Cancel the trip
cancel-question = Cancel the whole trip?
cancel-lead = All items are cancelled together, and that cannot be undone.
cancel-terms = Of { $price } paid. This amount is valid until { $time }.
cancel-share-of = of { $price }
cancel-all = Cancel everything
cancel-not = Keep the trip

## When something is wrong.
error-title = You shouldn't be here
error-lead = Go back and check that the fields are filled in correctly.
back-to-form = Back to the form
back-to-start = Back to the beginning
back-to-review = Back to the review
to-search = To the search for flights
product-name-flights = Flights
product-name-stays = Stay
product-name-tours = Tours
product-flights = flights
product-stays = stays
product-tours = tours
away-title = Service away
away-heading = The service for { $product } does not answer.
away-choosing = What you chose is kept in the address of this page. Try again in some seconds.
away-unchanged = Nothing has changed. Try again in some seconds.
away-operator = For the operator: this server did not answer the page: { $daemon }
search-only-title = Searching only, for now
search-only = This site can show flights, stays and tours, but cannot book at present. Nothing was held or charged now, and what you have bought stays yours. Please tell the agency.
not-found-title = Page not found
not-found = This address leads to no page of the agency.
not-allowed-title = That is not done here
not-allowed = This page does not take this kind of request.
cross-site-title = A request from another site
cross-site = For safety, a booking can be confirmed on the pages of this agency only. Nothing was bought.
too-slow-title = The request took too long
too-slow = The form did not arrive in time. Nothing was bought. Try again.
too-large-title = The request is too large
too-large = The form is larger than the agency takes. Nothing was bought.
too-long-title = The address is too long
too-long = The address is longer than the agency takes.
no-form-title = This is not a form
no-form = The agency takes ordinary forms only. Nothing was bought.
