using System.Globalization;
using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core.Languages;
using BookIT.Core.Notifications;

namespace BookIT.Bot.Notifications;

/// <summary>What somebody hears of us: in which language, which news, and when not. One message, whose buttons change it.</summary>
internal sealed class SettingsDialogue(NotificationPreferences preferences, AccountLanguages languages) : IDialogue
{
    private const string Language = "language";
    private const string News = "news";
    private const string Quiet = "quiet";
    private const string Own = "own";
    private const string Off = "off";
    private const int HoursARow = 6;

    private static readonly (int From, int To)[] Ranges = [(22, 8), (23, 7), (0, 9)];

    public IReadOnlyList<string> Commands => ["settings"];

    public string Topic => "settings";

    public Audience Audience => Audience.Members;

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        var (text, buttons) = Main(with, await preferences.ReadAsync(with.UserId, with.Cancellation));
        await with.SayHtmlAsync(text, buttons);
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        var (text, buttons) = data.Split(':') switch
        {
            [Language, var name] when Sentences.Language(name) is { } language => await SpeakAsync(with, language),
            [News] => NewsScreen(with, await preferences.ReadAsync(with.UserId, with.Cancellation)),
            // What it shall be, not that it shall change: a second tap changes nothing.
            [News, var kind, var isOn] => NewsScreen(
                with,
                await preferences.SwitchAsync(with.UserId, kind, isOn == "1", with.Cancellation)
            ),
            [Quiet] => QuietScreen(with, await preferences.ReadAsync(with.UserId, with.Cancellation)),
            [Quiet, Off] => QuietScreen(with, await KeepQuietAsync(with, hours: null)),
            [Quiet, var from, var to] when ReadHour(from) is { } begin && ReadHour(to) is { } end => QuietScreen(
                with,
                await KeepQuietAsync(with, new QuietHours(begin, end))
            ),
            [Own] => OwnScreen(with, from: null),
            [Own, var from] when ReadHour(from) is { } begin => OwnScreen(with, begin),
            _ => Main(with, await preferences.ReadAsync(with.UserId, with.Cancellation)),
        };
        await with.EditHtmlAsync(message, text, buttons);
        return null;
    }

    private async Task<(string, InlineKeyboardMarkup)> SpeakAsync(Conversation with, CultureInfo language)
    {
        await languages.ChooseAsync(with.UserId, language, with.Cancellation);
        with.Speak(language);
        return Main(with, await preferences.ReadAsync(with.UserId, with.Cancellation));
    }

    private Task<NotificationSettings> KeepQuietAsync(Conversation with, QuietHours? hours) =>
        preferences.KeepQuietAsync(with.UserId, hours, with.Cancellation);

    private (string, InlineKeyboardMarkup) Main(Conversation with, NotificationSettings settings)
    {
        var kinds = NotificationKind.SwitchableBy(with.Account!.IsAdmin).ToList();
        return (
            with.Html("bot_settings", [kinds.Count(settings.IsOn), kinds.Count, QuietWords(with, settings)]),
            new InlineKeyboardMarkup([
                [
                    .. Sentences.Languages.Select(language =>
                    {
                        var name = language.TwoLetterISOLanguageName;
                        return new InlineKeyboardButton(
                            $"{(language.Equals(with.Language) ? "✅ " : "")}{Name(language)}",
                            $"{Topic}:{Language}:{name}"
                        );
                    }),
                ],
                [with.Button("bot_settings_news", $"{Topic}:{News}")],
                [with.Button("bot_settings_quiet", $"{Topic}:{Quiet}")],
            ])
        );
    }

    private (string, InlineKeyboardMarkup) NewsScreen(Conversation with, NotificationSettings settings) =>
        (
            with.Html("bot_settings_news_question"),
            new InlineKeyboardMarkup([
                .. NotificationKind
                    .SwitchableBy(with.Account!.IsAdmin)
                    .Select(kind =>
                        (IReadOnlyList<InlineKeyboardButton>)
                            [
                                new(
                                    $"{(settings.IsOn(kind) ? "✅" : "⬜")} {with.Words($"bot_settings_{kind}")}",
                                    $"{Topic}:{News}:{kind}:{(settings.IsOn(kind) ? 0 : 1)}"
                                ),
                            ]
                    ),
                [with.Button("bot_settings_back", $"{Topic}:")],
            ])
        );

    private (string, InlineKeyboardMarkup) QuietScreen(Conversation with, NotificationSettings settings)
    {
        InlineKeyboardButton Choice(string text, QuietHours? hours, string data) =>
            new($"{(settings.Quiet == hours ? "✅ " : "")}{text}", $"{Topic}:{Quiet}:{data}");

        return (
            with.Html("bot_settings_quiet_question", [QuietWords(with, settings)]),
            new InlineKeyboardMarkup([
                [
                    .. Ranges.Select(range =>
                        Choice(
                            string.Create(CultureInfo.InvariantCulture, $"{range.From}–{range.To}"),
                            new QuietHours(new TimeOnly(range.From, 0), new TimeOnly(range.To, 0)),
                            string.Create(CultureInfo.InvariantCulture, $"{range.From}:{range.To}")
                        )
                    ),
                ],
                [
                    with.Button("bot_settings_own", $"{Topic}:{Own}"),
                    Choice(with.Words("bot_settings_never"), hours: null, Off),
                ],
                [with.Button("bot_settings_back", $"{Topic}:")],
            ])
        );
    }

    /// <summary>Asks for the beginning, and then for the end.</summary>
    private (string, InlineKeyboardMarkup) OwnScreen(Conversation with, TimeOnly? from)
    {
        var data = from is { } begin
            ? string.Create(CultureInfo.InvariantCulture, $"{Topic}:{Quiet}:{begin.Hour}")
            : $"{Topic}:{Own}";
        return (
            from is null ? with.Html("bot_settings_own_from") : with.Html("bot_settings_own_to", [Words(from.Value)]),
            new InlineKeyboardMarkup([
                .. Enumerable
                    .Range(0, 24)
                    .Where(hour => hour != from?.Hour)
                    .Select(hour => hour.ToString(CultureInfo.InvariantCulture))
                    .Select(hour => new InlineKeyboardButton(hour, $"{data}:{hour}"))
                    .Chunk(HoursARow),
                [with.Button("bot_settings_back", $"{Topic}:{Quiet}")],
            ])
        );
    }

    private static string QuietWords(Conversation with, NotificationSettings settings) =>
        settings.Quiet is { } quiet ? $"{Words(quiet.From)}–{Words(quiet.To)}" : with.Words("bot_settings_never");

    private static string Words(TimeOnly time) => time.ToString("HH:mm", CultureInfo.InvariantCulture);

    private static string Name(CultureInfo language) =>
        language.TwoLetterISOLanguageName == "ru" ? "Русский" : "English";

    private static TimeOnly? ReadHour(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var hour) && hour is >= 0 and < 24
            ? new TimeOnly(hour, 0)
            : null;
}
