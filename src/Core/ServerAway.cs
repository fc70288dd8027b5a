using System.Net.Sockets;
using BookIT.Core.Avatars;
using BookIT.Core.Redis;
using Npgsql;

namespace BookIT.Core;

/// <summary>Tells a server that is away, which comes back, from a bug.</summary>
public static class ServerAway
{
    /// <summary>
    /// Whether a server of ours did not answer. Not each lost race or broken rule that PostgreSQL reports: those that
    /// get out of Core are bugs.
    /// </summary>
    public static bool IsServerAway(this Exception exception) =>
        exception switch
        {
            // 57P01…57P03: shutting down or starting up; 53300: out of connections; 53100, 53200: out of disk, memory.
            PostgresException postgres => postgres.SqlState
                is "57P01"
                    or "57P02"
                    or "57P03"
                    or "53300"
                    or "53100"
                    or "53200"
                    or "25006"
                    or "55000",
            NpgsqlException or RedisException or AvatarStoreException or SocketException or TimeoutException => true,
            { InnerException: { } inner } => IsServerAway(inner),
            _ => false,
        };
}
