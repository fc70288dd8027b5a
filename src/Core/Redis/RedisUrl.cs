using System.Globalization;

namespace BookIT.Core.Redis;

/// <summary>Where a Redis is and how to enter it.</summary>
internal sealed record RedisUrl(string Host, int Port, bool Tls, string? User, string? Password, int Database)
{
    private const int DefaultPort = 6379;

    /// <summary>Reads <c>redis://[user][:password]@host[:port][/database]</c>, or <c>rediss://</c> for TLS.</summary>
    /// <exception cref="ArgumentException">It is not such a URL; the message never repeats it, for it may hold a password.</exception>
    public static RedisUrl Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("redis" or "rediss"))
        {
            throw new ArgumentException(
                Malformed("it must begin with redis:// or rediss:// and name a host"),
                nameof(url)
            );
        }

        if (uri.Host.Length == 0)
        {
            throw new ArgumentException(Malformed("it names no host"), nameof(url));
        }

        if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new ArgumentException(
                Malformed("it takes no ?query and no #fragment; escape these characters in a password as %3F and %23"),
                nameof(url)
            );
        }

        var database = 0;
        var path = uri.AbsolutePath.TrimStart('/');
        if (path.Length > 0 && !int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out database))
        {
            throw new ArgumentException(
                Malformed("what follows the host must be the number of a database"),
                nameof(url)
            );
        }

        var login = uri.UserInfo.Split(':', 2);
        if (uri.UserInfo.Length > 0 && (login.Length < 2 || login[1].Length == 0))
        {
            throw new ArgumentException(
                Malformed("it names a user but no password; a password alone is written redis://:password@host"),
                nameof(url)
            );
        }

        return new RedisUrl(
            uri.IdnHost,
            uri.Port > 0 ? uri.Port : DefaultPort,
            Tls: uri.Scheme == "rediss",
            User: login[0].Length > 0 ? Uri.UnescapeDataString(login[0]) : null,
            Password: login.Length > 1 ? Uri.UnescapeDataString(login[1]) : null,
            database
        );
    }

    /// <summary>The address without the secret, for logs and messages.</summary>
    public override string ToString() => $"{Host}:{Port}/{Database}";

    private static string Malformed(string why) => $"The URL of Redis is malformed: {why}.";
}
