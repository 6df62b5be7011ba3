# Tudo o que as páginas dizem, em português do Brasil. As chaves e as variáveis são as mesmas de
# en.ftl; os testes cuidam disso.
## Palavras de muitas páginas.
free = Grátis
optional = (opcional)
choose = Escolha…
or = ou
to = até
number = nº
total = Total
total-known = Total do que este site conhece
total-was = Valia
included = Incluído
not-included = Não incluído
people = { $n ->
        [one] { $n } pessoa
       *[other] { $n } pessoas
    }
nights = { $n ->
        [one] { $n } noite
       *[other] { $n } noites
    }
beds = { $n ->
        [one] { $n } cama
       *[other] { $n } camas
    }
rooms = { $n ->
        [one] { $n } quarto
       *[other] { $n } quartos
    }
seats-left = { $n ->
        [one] Resta { $n } lugar
       *[other] Restam { $n } lugares
    }
rooms-left = { $n ->
        [one] Resta { $n } quarto assim
       *[other] Restam { $n } quartos assim
    }
places-left = { $n ->
        [one] Resta { $n } vaga
       *[other] Restam { $n } vagas
    }
days = { $first } a { $last }
per-person = por pessoa
per-night = por noite
for-all = para todos
for-people = { $n ->
        [one] para { $n } pessoa
       *[other] para { $n } pessoas
    }
average-night = { $price } por noite em média
try-again = Tentar de novo
try-other-day = Tente outro dia
change-search = mudar a busca
list-begin = Voltar ao início da lista
sort-label = Ordem da lista
sort-by = Ordenar por
sort-time = Horário
sort-price = Preço
sort-duration = Duração
period-night = Madrugada (0h–6h)
period-morning = Manhã (6h–12h)
period-afternoon = Tarde (12h–18h)
period-evening = Noite (18h–24h)
filters = Filtros
filter-apply = Aplicar filtros
filter-clear = Limpar filtros
filter-departure = Horário de partida
filter-time = Horário
filter-room = Quarto
free-only = Só os grátis
beds-any = Qualquer número de camas
beds-min = { $n ->
        [one] { $n } cama ou mais
       *[other] { $n } camas ou mais
    }
pick-first = Escolha um da lista antes de continuar, ou continue sem ele pelo link abaixo dela.
filter-none = Nada nesta lista passa pelos filtros.
filter-partial = A lista é longa: só as primeiras 10.000 ofertas foram olhadas.
calendar-near = Preços em dias próximos, em R$
calendar-near-inbound = Preços da volta em dias próximos, em R$
calendar-month = Menores preços de { $month }, em R$
month-of = { $month } de { $year }
calendar-earlier = Mês anterior
calendar-later = Mês seguinte
calendar-close = Fechar o calendário
calendar-nothing = nada à venda
calendar-lowest = menor preço do mês
calendar-from = a partir de
where-and-when = Onde e quando?

## Tempo.
monday = seg
tuesday = ter
wednesday = qua
thursday = qui
friday = sex
saturday = sáb
sunday = dom
january = janeiro
february = fevereiro
march = março
april = abril
may = maio
june = junho
july = julho
august = agosto
september = setembro
october = outubro
november = novembro
december = dezembro
time-left = faltam { $time }
time-left-one = falta { $time }
minutes-left = { $n ->
        [one] falta { $n } minuto
       *[other] faltam { $n } min
    }
time-left-seconds = falta menos de 1 minuto
time-left-script = faltam *
time-over = o prazo terminou

## Em volta de toda página.
skip-to-content = Pular para o conteúdo
steps = Etapas da viagem
step-flight = Voo
step-stay = Hospedagem
step-tour = Passeio
step-review = Revisão
step-voucher = Voucher
step-done = (escolhido)
language = Idioma
footer = Voos, hospedagens e passeios em um só pacote.
my-trip = Minha viagem
payment = Pagamento
promise-whole-title = Tudo ou nada
promise-whole = Voo, hotel e passeios são confirmados juntos: você nunca fica com metade de uma viagem.
promise-price-title = O preço que você vê
promise-price = Por pessoa e no total, em reais, sem taxas depois. Se mudar, perguntamos antes.
promise-cancel-title = Cancelamento às claras
promise-cancel = O reembolso aparece antes de você confirmar, e vale pelo tempo que a página diz.
phone = Telefone

## As partes de uma viagem.
part-outbound = Voo de ida
part-inbound = Voo de volta
part-stay = Hospedagem
part-tour = Passeio
fact-departure = Partida
fact-arrival = Chegada
fact-duration = Duração
fact-leaving = Saída
fact-room = Quarto
fact-breakfast = Café da manhã
fact-address = Endereço
fact-city = Cidade
fact-when = Quando
fact-details = Detalhes
fact-unknown = Indisponíveis neste momento
offer = Oferta { $id }
from-city = De { $city }
to-city = Para { $city }
summary-title = Sua viagem até aqui
summary-review = Ir para a revisão
skip-flight = Continuar sem voo
skip-stay = Continuar sem hospedagem
skip-tours = Continuar sem passeios
skip-more-tours = Ir para a revisão sem mais passeios
skip-these-tours = Continuar sem estes passeios
people-notice = Sua viagem é para { $trip } e esta busca foi para { $searched }. Os passeios e os voos são cobrados para { $trip }.
people-notice-change = Mudar a viagem toda para { $searched }

## Campos de formulários.
field-airport = Aeroporto de destino
field-city = Cidade
field-outbound-day = Dia da ida
field-inbound-day = Dia da volta
field-arrival-day = Dia da chegada
field-leaving-day = Dia da saída
field-tour-day = Dia do passeio
field-seats = Número de passagens
field-people = Número de pessoas
field-order = Ordem
field-after = Continuação da lista
field-outbound = Voo de ida escolhido
field-inbound = Voo de volta escolhido
field-trip-people = Pessoas na viagem
field-stay = Hospedagem escolhida
field-nights = Noites da hospedagem
field-tour = Passeio escolhido
field-trip = Viagem
field-price = Preço
field-other = Campo
field-name = Nome
field-surname = Sobrenome
field-document = Documento
field-contact = Telefone ou e-mail
field-list = Lista de viajantes
of-traveller = { $field } do viajante { $number }
of-line = Linha { $number }, { $field }
field-refused = Este valor não pode ser usado.
wrong-missing = Preencha este campo.
wrong-place = O nome de um lugar tem de 1 a 200 letras.
wrong-day = Esta data não existe. Escreva uma data como 24/12/2026.
wrong-people = Escreva um número de 1 a 999.
wrong-return = A volta não pode ser antes da ida.
wrong-no-night = A saída deve ser depois da chegada: pelo menos uma noite.
wrong-nights = Escreva um número de noites de 1 a 365.
wrong-order = Esta ordem não existe.
wrong-offer = Isto não é o código de uma oferta.
wrong-old-review = Volte à revisão do pacote e reserve de novo.
wrong-nothing-chosen = O pacote está vazio: escolha pelo menos um item.
wrong-name = Escreva um texto de até 100 letras; as com acento contam por duas.
wrong-listed = A lista tem { $found }: escreva os nomes de { $people }, uma por linha.
wrong-nothing-behind = Há algo depois do documento: a linha só tem nome, sobrenome e documento.
wrong-contact = Escreva um contato de até 200 letras; as com acento contam por duas.
wrong-locator = Um localizador tem seis letras e algarismos, como VA9AAC.
wrong-no-such-trip = Não há viagem com este localizador e este sobrenome.
wrong-too-many-guesses = Houve tentativas demais. Espere alguns minutos e tente de novo.
too-many-tours = Uma viagem pode ter até { $n } passeios.

## Voos.
flights-search-title = Passagens aéreas
flights-search-heading = Compre suas passagens aéreas.
flights-search-lead = Saída do { $airport }.
flights-search-legend = Para onde e quando?
flights-search-submit = Procurar voos
flights-title = Escolha sua passagem
flights-heading = Escolha sua passagem.
flights-none-outbound = Não há voo de ida neste dia com lugar para todos.
flights-none-inbound = Não há voo de volta neste dia com lugar para todos.
flights-more-outbound = Mais voos de ida
flights-more-inbound = Mais voos de volta
best-price = Menor preço
best-duration = Mais rápido
best-both = Menor preço e mais rápido
pairs-title = Ida e volta com um clique
pair-cheapest = A mais barata
pair-fastest = A mais rápida
pair-choose = Escolher
way-outbound = Ida
way-inbound = Volta
no-outbound = Sem voo de ida
no-inbound = Sem voo de volta
arrives = chega
leaves-from = Saída:
arrives-at = Chegada:
go-stays = Continuar para a hospedagem

## Hospedagens.
stays-search-title = Hospedagem
stays-search-heading = Compre sua hospedagem.
stays-search-lead = O mesmo quarto, livre em todas as noites.
stays-search-submit = Procurar hospedagem
stays-title = Escolha seu hotel
stays-heading = Escolha seu hotel.
stays-list = Quartos livres em todas as noites
stays-list-order = do menor preço ao maior
stays-none = Não há quarto livre em { $city } nestes dias com cama para todos.
stays-none-try = Tente outros dias ou menos pessoas
stays-more = Mais quartos
breakfast = Café da manhã incluído
no-breakfast = Sem café da manhã
go-tours = Continuar para os passeios

## Passeios.
tours-search-title = Passeios
tours-search-heading = Passeios disponíveis.
tours-search-lead = Um, vários ou nenhum: escolha o que ver no seu destino.
tours-search-submit = Procurar passeios
tours-title = Escolha seu passeio
tours-heading = Escolha seu passeio.
tours-list = Passeios neste dia
tours-list-many = escolha quantos quiser
tours-none = Não há passeio em { $city } neste dia com vaga para todos.
tours-more = Mais passeios
tours-other-days = Outros dias
go-review = Revisar o pacote

## A revisão.
review-title = Revise o seu pacote
review-heading = Revise o seu pacote.
review-empty = Seu pacote está vazio. Comece por onde quiser:
review-for = Para { $people }.
review-changes = Sua reserva atual continua como está até você confirmar a mudança.
review-new = Nada foi reservado ainda: os preços e as vagas são os deste momento.
review-held = Esta viagem já está reservada.
review-held-see = Veja o que está reservado
review-decided = A viagem de onde você veio já foi decidida e não muda mais. Reservar aqui começa outra viagem.
review-decided-see = Veja como ela está
misfits-title = Confira antes de reservar
misfit-return = O voo de volta sai antes de o voo de ida chegar.
misfit-airports = O voo de ida é para { $there } e o de volta sai de { $back }.
misfit-beds = O quarto tem { $beds } e vocês são { $people }.
misfit-tour-city = O passeio { $tour } é em { $city }.
misfit-tours = Os passeios { $other } e { $tour } começam na mesma hora.
misfit-city = A hospedagem é em { $hotel } e o voo é para { $flight }.
misfit-arrival = A hospedagem começa em { $stay } e o voo de ida chega em { $flight }.
misfit-leaving = A hospedagem termina em { $stay } e o voo de volta sai em { $flight }.
misfit-tour-early = O passeio { $tour } ({ $day }) começa antes de você chegar.
misfit-tour-late = O passeio { $tour } ({ $day }) começa depois de você partir.
line-choose-other = Escolha outra opção
line-take-out = retire do pacote
line-change = Trocar
line-remove = Retirar
choose-flight = Escolher voo
choose-stay = Escolher hospedagem
choose-tour = Escolher passeio
choose-more-tours = Escolher mais passeios
sending = Enviando…
hold-all = Reservar tudo
hold-change = Mudar a reserva
hold-explained = Tudo fica reservado por um tempo, sem compromisso: depois você diz quem viaja e confirma.
hold-impossible = Há item que não pode ser comprado. Troque-o ou retire-o para reservar.
price-was = O preço mudou: era { $old } quando você viu, agora é { $new }.
gone-sold-out = Esgotou: não há mais vagas para todos.
gone = Esta oferta não está mais à venda.
gone-unread = Não foi possível consultar esta oferta agora.

## Uma viagem e como ela está.
trip-nothing-title = Nada foi reservado
trip-nothing = Nenhum item desta viagem pôde ser reservado, e nada foi cobrado. Escolha como seguir.
review-again = Rever e tentar de novo
trip-items = Itens
trip-silent-title = Não conseguimos consultar sua viagem agora
trip-silent = Sua viagem está como você a deixou.
trip-held-title = Tudo reservado. Quem viaja?
trip-held = Preencha os nomes e confirme: só então a viagem é comprada, inteira ou nada.
trip-held-items = Reservado
partly-held-title = Falta um pedaço da sua viagem
partly-held = O que está abaixo em “Reservado” continua seu até o prazo. Escolha como seguir.
trip-undecided-title = Ainda não sabemos como ficou sua viagem
trip-undecided = Os servidores estão acertando entre si: não é preciso comprar outra vez.
trip-unsure-title = Sua viagem não pode ser confirmada agora
trip-unsure = Pelo que dizem os outros servidores, nada foi comprado, e o que está reservado continua seu até o prazo. Confirme assim que todos os servidores responderem de novo.
asks-again = Esta página pergunta de novo sozinha.
asks-no-more = Esta página já perguntou bastante e parou. Pergunte de novo quando quiser.
trip-booked-title = Boa viagem!
trip-booked = Tudo foi comprado. Guarde o localizador: com ele e um sobrenome você abre esta viagem em qualquer lugar.
trip-booked-items = Sua viagem
voucher-calendar = Pôr na agenda (.ics)
voucher-cancelled = Cancelada
voucher-print = Imprimindo, tudo cabe em uma folha A4.
voucher-qr = Aponte o celular e leve esta página.
voucher-qr-name = Código QR desta página
trip-settling-title = Comprado. Estamos avisando todos.
trip-settling = Sua viagem está comprada, inteira. Falta um servidor dizer que registrou isso, o que acontece sozinho.
trip-cancelled-title = Viagem cancelada
trip-cancelled = A viagem foi cancelada inteira: nada mais está reservado para ela.
trip-cancelled-items = O que foi cancelado
trip-not-booked-title = A viagem não foi comprada
trip-chosen-items = O que estava escolhido
stranger = Outra parte desta viagem ({ $items }) é de um serviço que este site não conhece: { $daemon }. Para vê-la, mudá-la ou cancelar a viagem, fale com a agência.
items-of = { $n ->
        [one] { $n } item
       *[other] { $n } itens
    }
trip-unheard-all = Sem resposta agora: { $products }.
trip-unheard = Sem resposta agora: { $products }. O que está abaixo é o que os outros servidores dizem.
server-of = o servidor de { $product }
aborted = O prazo da reserva terminou, ou ela foi solta.
aborted-expired = O prazo da reserva terminou antes da confirmação.
aborted-let-go = A reserva foi solta antes da confirmação.
aborted-deadline = A confirmação não terminou a tempo.
aborted-unknown = A reserva não existia mais.
locator = Localizador
held-until = Reservado até
extend = Preciso de mais tempo
extended = Você tem mais tempo: tudo está reservado até { $time }.
extended-to-the-end = Reservado até { $time }: mais tempo que isso não é possível.
extended-unheard = Um servidor não respondeu: vale o prazo mostrado aqui. Peça de novo se precisar de mais.
not-held = Não reservado
instead = No lugar, do menor preço ao maior
missing-again = Rever e tentar de novo
missing-new-price = Rever com o novo preço
missing-search = Ver todas as opções
missing-without = Seguir sem este item: { $part }
refund = Reembolso
travellers = Quem viaja
traveller = Viajante
alter-title = Mudar os nomes
alter-lead = A viagem continua a mesma: mudam só os nomes e o contato. Depois, o voucher abre com os sobrenomes novos.
alter-hint = Documentos já informados não aparecem aqui: em branco, ficam como estão enquanto nome e sobrenome não mudarem. Um contato em branco também fica como está.
alter-submit = Gravar os nomes
alter-not = Voltar sem mudar nada
list-hint = Um viajante por linha: nome; sobrenome; documento, que é opcional. Também dá para colar de uma planilha, com as colunas nesta ordem.
mistakes-more = { $n ->
        [one] e mais { $n } erro
       *[other] e mais { $n } erros
    }
travellers-many = O grupo é grande: basta o nome de cem pessoas.
contact = Contato
book = Confirmar a compra
not-charged = Nada foi cobrado ainda. Tudo é comprado junto, ou nada é.
items-again = Rever os itens
choose-again = Escolher de novo os mesmos itens
give-up = Desistir e soltar tudo
ask-now = Perguntar agora
other-trip = Começar outra viagem
back-to-trip = Voltar à viagem
notice-trip-changed = A viagem mudou enquanto esta página estava aberta. Confira os itens e confirme de novo.
notice-not-altered = Não sabemos se os nomes foram gravados: o servidor não respondeu. O que você escreveu está aqui; envie de novo em alguns segundos.
notice-quote-again = O valor mostrado antes não vale mais. Este é o de agora: confira e confirme.
refused-sold-out = Esgotou: alguém levou o último antes da sua reserva.
refused-closed = Encerrado: já começou, ou não está mais à venda.
refused-price = O preço mudou desde que você viu.
refused-expired = O prazo da reserva deste item terminou.
refused-let-go = Este item foi solto e precisa ser reservado de novo.
refused-stale = A página ficou aberta tempo demais.
refused-busy = Há reservas temporárias demais agora, talvez suas: conclua ou solte uma, ou tente de novo daqui a pouco.
refused-recovering = O servidor está se recuperando. Tente de novo daqui a pouco.
refused-other = O servidor recusou o pedido.
refused-silent = O servidor não respondeu a tempo.
refused-because-of-another = Não foi reservado porque outro item do mesmo grupo não pôde ser.
refused-not-yet = Ainda não está reservado.

## Abrir e cancelar uma viagem.
my-trip-lead = Abra sua viagem com o localizador do comprovante e um sobrenome de quem viaja.
my-trip-check = Confira o localizador e o sobrenome.
my-trip-legend = Abrir minha viagem
my-trip-open = Abrir a viagem
unknown-trip-title = Não encontramos esta viagem
unknown-trip = Se ela é sua, abra-a com o localizador e um sobrenome de quem viaja.
terms-title = Se você cancelar
terms-lead = A viagem é cancelada inteira. Cada parte devolve, do que custou:
terms-until = { $percent } até { $day }
terms-then = depois, nada
terms-never = nada
cancel-title = Cancelar a viagem
cancel-question = Cancelar a viagem inteira?
cancel-lead = Todos os itens são cancelados juntos, e isso não se desfaz.
cancel-terms = De { $price } pagos. Este valor vale até as { $time }.
cancel-share-of = de { $price }
cancel-all = Cancelar tudo
cancel-not = Manter a viagem

## Quando algo está errado.
error-title = Você não deveria estar aqui
error-lead = Volte e confira se os campos estão corretos e preenchidos.
back-to-form = Voltar ao formulário
back-to-start = Voltar ao começo
back-to-review = Voltar à revisão
to-search = Ir para a busca de voos
product-name-flights = Voos
product-name-stays = Hospedagem
product-name-tours = Passeios
product-flights = voos
product-stays = hospedagens
product-tours = passeios
away-title = Serviço fora do ar
away-heading = O serviço de { $product } não está respondendo.
away-choosing = Suas escolhas estão guardadas no endereço desta página. Tente de novo em alguns segundos.
away-unchanged = Nada mudou. Tente de novo em alguns segundos.
away-operator = Para quem administra: este servidor não respondeu à página: { $daemon }
search-only-title = Por enquanto, só pesquisa
search-only = Este site pode mostrar voos, hospedagens e passeios, mas no momento não pode reservar. Nada foi reservado nem cobrado agora, e o que você já comprou continua seu. Avise a agência.
not-found-title = Página não encontrada
not-found = Este endereço não leva a nenhuma página da agência.
not-allowed-title = Isto não se faz aqui
not-allowed = Esta página não aceita este tipo de pedido.
cross-site-title = Pedido de outro site
cross-site = Por segurança, uma compra só pode ser confirmada nas páginas desta agência. Nada foi comprado.
too-slow-title = O pedido demorou demais
too-slow = O formulário não chegou a tempo. Nada foi comprado. Tente de novo.
too-large-title = O pedido é grande demais
too-large = O formulário enviado é maior do que a agência aceita. Nada foi comprado.
too-long-title = O endereço é longo demais
too-long = O endereço pedido é mais longo do que a agência aceita.
no-form-title = Isto não é um formulário
no-form = A agência só aceita formulários comuns. Nada foi comprado.
