using System.Globalization;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>The page in its other language: what is booked, counted and dated reads as it should.</summary>
public sealed class RussianPageTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    private static readonly Look Russian = new() { Language = "ru-RU" };

    private static readonly string[] Months =
    [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ];

    private static readonly string[] Weekdays = ["вс", "пн", "вт", "ср", "чт", "пт", "сб"];

    private static DateTimeOffset Local(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, NoonZone.Clock);

    private static string Clock(DateTimeOffset time) => $"{Local(time):HH:mm}";

    private static async Task AssertLanguageAsync(IPage page, string language) =>
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("lang", language);

    [Fact]
    public async Task A_seat_is_booked_looked_at_and_made_longer_in_russian()
    {
        var (member, seat) = (await Server.MemberAsync(), await Server.SeatAsync("Р-1", zone: "Тихая зона"));
        var page = await OpenAsync("/", Russian with { As = member });
        await SeesAsync(page.Region("Когда").GetByText("Сейчас – "));
        await Assertions.Expect(page.Region("Когда")).ToContainTextAsync(" ч");

        await page.SeatOnMap("Р-1").TapAsync();
        await page.Sheet("Р-1").ButtonThatBegins("Забронировать ").TapAsync();
        await SeesAsync(page.Sheet("Р-1 — ваше место"));
        await SeesAsync(page.GetByText("Отметиться можно уже сейчас."));

        await page.Link("Показать пропуск").TapAsync();
        await SeesAsync(page.GetByAltText("QR-код пропуска"));
        await SeesAsync(page.GetByText("Тихая зона", new() { Exact = true }));
        var end = new DateTimeOffset(
            await Server.QueryAsync<DateTime>($"SELECT ends_at FROM reservations WHERE seat_id = '{seat}'")
        );
        await SeesAsync(page.GetByText($"–{Clock(end)}").First);

        await page.GotoAsync("/bookings");
        await page.Button("Продлить на 1 ч").TapAsync();
        await SeesAsync(page.GetByText($"Продлено, окончание: сегодня, {Clock(end.AddHours(1))}").First);
        await page.Button("Отменить").TapAsync();
        await page.GetByRole(AriaRole.Alertdialog, new() { Name = "Отменить бронь места Р-1?" })
            .Button("Отменить")
            .TapAsync();
        await SeesAsync(page.GetByText("Бронь отменена").First);
        Assert.Empty(await ViolationsAsync(page));
    }

    [Fact]
    public async Task Days_are_named_and_declined()
    {
        var member = await Server.MemberAsync();
        var now = TimeProvider.System.GetUtcNow();
        var start = Local(now.AddDays(3).AddTicks(-(now.Ticks % TimeSpan.TicksPerMinute)));
        await Server.ReservationAsync(member.UserId, await Server.SeatAsync("Р-2", 5000), start, start.AddMinutes(150));

        var page = await OpenAsync("/bookings", Russian with { As = member });

        await SeesAsync(
            page.GetByText(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Weekdays[(int)start.DayOfWeek]}, {start.Day} {Months[start.Month - 1]}, {start:HH:mm}–"
                        + $"{start.AddMinutes(150):HH:mm}"
                )
            )
        );
        await SeesAsync(page.GetByText("Начнётся через 3 дня"));
        await page.Button("Другое время").TapAsync();
        await SeesAsync(page.Sheet("Другое время").GetByText("2 ч 30 мин"));
    }

    [Fact]
    public async Task Seats_are_counted_as_russian_counts()
    {
        foreach (var (zone, count) in new[] { ("Первая", 1), ("Вторая", 2), ("Пятая", 5), ("Одиннадцатая", 11) })
        {
            for (var i = 0; i < count; i++)
            {
                await Server.SeatAsync($"{zone[..2]}-{i}", 60 * i, 1000 * count, zone);
            }
        }

        var page = await OpenAsync("/?view=list", Russian);
        await page.ButtonThatBegins("Фильтры").TapAsync();
        var sheet = page.Sheet("Фильтры");
        foreach (
            var (zone, words) in new[]
            {
                ("Первая", "Показать 1 место"),
                ("Вторая", "Показать 2 места"),
                ("Пятая", "Показать 5 мест"),
                ("Одиннадцатая", "Показать 11 мест"),
            }
        )
        {
            await sheet.Button(zone).TapAsync();
            await SeesAsync(sheet.Button(words));
            await sheet.Button(zone).TapAsync();
        }
    }

    [Fact]
    public async Task A_language_that_was_chosen_stays_on_this_device_and_comes_along_to_the_next()
    {
        var email = People.NewEmail();
        await Server.RegisterAsync(email);
        async Task<IPage> SignInAsync()
        {
            var signIn = await OpenAsync("/sign-in");
            await signIn.Field("E-mail").FillAsync(email);
            await signIn.Field("Password").FillAsync(BookItServer.Password);
            await signIn.Locator("main").Button("Sign in").TapAsync();
            await SeesAsync(signIn.Locator("nav a[href='/profile']"));
            return signIn;
        }

        var page = await SignInAsync();
        await AssertLanguageAsync(page, "en");
        await page.GotoAsync("/profile");
        await MarkAsync(page);
        await page.Field("Language").SelectOptionAsync(["Русский"]);
        await SeesAsync(page.Heading("Профиль"));
        await AssertLanguageAsync(page, "ru");
        await AssertNotReloadedAsync(page);
        Assert.EndsWith(" · BookIT", await page.TitleAsync(), StringComparison.Ordinal);
        Assert.StartsWith("Профиль", await page.TitleAsync(), StringComparison.Ordinal);

        await page.ReloadAsync();
        await SeesAsync(page.Heading("Профиль"));
        await page.Button("Выйти").TapAsync();
        await SeesAsync(page.Locator("main").Button("Войти"));

        // And on another device, whose own language is another.
        var other = await SignInAsync();
        await AssertLanguageAsync(other, "ru");
        await SeesAsync(other.Link("Мои брони"));
    }

    [Fact]
    public async Task Whoever_is_nobody_yet_chooses_a_language_that_stays_as_well()
    {
        var page = await OpenAsync("/sign-in");

        await page.Button("Русский").TapAsync();
        await SeesAsync(page.Locator("main").Button("Войти"));
        await Assertions.Expect(page.Button("Русский")).ToHaveAttributeAsync("aria-pressed", "true");
        await page.GotoAsync("/");
        await AssertLanguageAsync(page, "ru");
        await SeesAsync(page.Region("Когда"));
    }
}
