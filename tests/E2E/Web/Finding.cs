using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What is on a page, as people speak of it: by what it is and what it is called, whole.</summary>
internal static class Finding
{
    public static ILocator Button(this IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>By the beginning of its name.</summary>
    public static ILocator ButtonThatBegins(this IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = Beginning(name) });

    public static ILocator Link(this IPage page, string name) =>
        page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true });

    public static ILocator Heading(this IPage page, string name) =>
        page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = name, Exact = true });

    public static ILocator Region(this IPage page, string name) =>
        page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>What has come up over the page, by its title.</summary>
    public static ILocator Sheet(this IPage page, string title) =>
        page.GetByRole(AriaRole.Dialog, new PageGetByRoleOptions { Name = title, Exact = true });

    public static ILocator Field(this IPage page, string label) =>
        page.GetByLabel(label, new PageGetByLabelOptions { Exact = true });

    /// <summary>A seat on the map, however it stands.</summary>
    public static ILocator SeatOnMap(this IPage page, string name) => page.ButtonThatBegins($"{name},");

    public static ILocator Button(this ILocator within, string name) =>
        within.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = name, Exact = true });

    public static ILocator ButtonThatBegins(this ILocator within, string name) =>
        within.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { NameRegex = Beginning(name) });

    public static ILocator Field(this ILocator within, string label) =>
        within.GetByLabel(label, new LocatorGetByLabelOptions { Exact = true });

    /// <summary>A regular expression, for names and addresses that are known in part.</summary>
    public static Regex Pattern(string pattern) => new(pattern, RegexOptions.None, TimeSpan.FromSeconds(1));

    private static Regex Beginning(string text) => Pattern($"^{Regex.Escape(text)}");
}
