using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using BookIT.Core.Data;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Audit;

/// <summary>What an administrator did: who, what, on what, before, after, when. Written in the transaction of the act.</summary>
public sealed class AuditEntry
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new UtcJsonConverter() },
    };

    private AuditEntry() { }

    /// <summary>In the order of writing.</summary>
    public long Id { get; private set; }

    /// <summary>When (UTC).</summary>
    public DateTimeOffset At { get; private set; }

    /// <summary>The administrator. The account may be gone.</summary>
    public Guid ActorId { get; private set; }

    /// <summary>What was done, as in <c>seat.update</c>.</summary>
    public string Action { get; private set; } = "";

    /// <summary>The seat, reservation or user it was done to; 1 for the floor as a whole.</summary>
    public Guid TargetId { get; private set; }

    /// <summary>The changed values before, as JSON; null where the target was made.</summary>
    public string? Before { get; private set; }

    /// <summary>The changed values after, as JSON; null where the target was removed.</summary>
    public string? After { get; private set; }

    /// <summary>
    /// Records the pending change of <paramref name="target"/>, to be saved with it: the values that change, or all of
    /// them where it is removed though its row stays. A reason that was given stands among those after.
    /// </summary>
    internal static AuditEntry Of(
        EntityEntry target,
        Guid targetId,
        Guid actorId,
        string action,
        DateTimeOffset now,
        bool isRemoval = false,
        string? reason = null
    )
    {
        var changed = target
            .Properties.Where(property =>
                property.Metadata.Name != nameof(User.PasswordHash)
                && (isRemoval || target.State is not EntityState.Modified || property.IsModified)
            )
            .ToList();
        return new AuditEntry
        {
            At = now,
            ActorId = actorId,
            Action = action,
            TargetId = targetId,
            Before = target.State is EntityState.Added ? null : Values(changed, property => property.OriginalValue),
            After =
                isRemoval || target.State is EntityState.Deleted
                    ? null
                    : Values(changed, property => property.CurrentValue, reason),
        };
    }

    /// <summary>
    /// Records the pending changes of several targets as one act: by the name of each, what <see cref="Of"/> would record
    /// of it.
    /// </summary>
    internal static AuditEntry OfAll(
        IEnumerable<(string Name, EntityEntry Target, bool IsRemoval)> targets,
        Guid targetId,
        Guid actorId,
        string action,
        DateTimeOffset now
    )
    {
        var (before, after) = (new Dictionary<string, JsonNode?>(), new Dictionary<string, JsonNode?>());
        foreach (var (name, target, isRemoval) in targets)
        {
            var one = Of(target, targetId, actorId, action, now, isRemoval);
            if (one.Before is not null)
            {
                before.Add(name, JsonNode.Parse(one.Before));
            }

            if (one.After is not null)
            {
                after.Add(name, JsonNode.Parse(one.After));
            }
        }

        return new AuditEntry
        {
            At = now,
            ActorId = actorId,
            Action = action,
            TargetId = targetId,
            Before = JsonSerializer.Serialize(before, Json),
            After = JsonSerializer.Serialize(after, Json),
        };
    }

    /// <summary>Records something that was made outside the change tracker.</summary>
    internal static AuditEntry Made(object after, Guid targetId, Guid actorId, string action, DateTimeOffset now) =>
        new()
        {
            At = now,
            ActorId = actorId,
            Action = action,
            TargetId = targetId,
            After = JsonSerializer.Serialize(after, Json),
        };

    /// <summary>Records something that was ended outside the database.</summary>
    internal static AuditEntry Ended(object before, Guid targetId, Guid actorId, string action, DateTimeOffset now) =>
        new()
        {
            At = now,
            ActorId = actorId,
            Action = action,
            TargetId = targetId,
            Before = JsonSerializer.Serialize(before, Json),
        };

    private static string Values(
        List<PropertyEntry> properties,
        Func<PropertyEntry, object?> value,
        string? reason = null
    )
    {
        var values = properties.ToDictionary(p => p.Metadata.Name, value);
        if (reason is not null)
        {
            values.Add(nameof(reason), reason);
        }

        return JsonSerializer.Serialize(values, Json);
    }
}

internal sealed class AuditEntryConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> entry)
    {
        entry.ToTable("audit");
        entry.Property(e => e.Before).HasColumnType("jsonb");
        entry.Property(e => e.After).HasColumnType("jsonb");
        entry.HasIndex(e => e.TargetId).HasDatabaseName("audit_by_target");
        entry.HasIndex(e => e.ActorId).HasDatabaseName("audit_by_actor");
    }
}

/// <summary>What to look for in the audit trail; null does not narrow.</summary>
/// <param name="ActorId">By this administrator.</param>
/// <param name="TargetId">On this seat, reservation or user.</param>
/// <param name="Action">Exactly this action.</param>
/// <param name="From">Not before (UTC).</param>
/// <param name="To">Before (UTC).</param>
public sealed record AuditFilter(
    Guid? ActorId = null,
    Guid? TargetId = null,
    string? Action = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null
);

/// <summary>Reads what administrators did.</summary>
public sealed class AuditTrail(BookItDbContext db)
{
    /// <summary>The entries, newest first.</summary>
    public Task<Page<AuditEntry>> ListAsync(AuditFilter filter, PageRequest page, CancellationToken cancellation) =>
        db
            .Audit.AsNoTracking()
            .Where(e =>
                (filter.ActorId == null || e.ActorId == filter.ActorId)
                && (filter.TargetId == null || e.TargetId == filter.TargetId)
                && (filter.Action == null || e.Action == filter.Action)
                && (filter.From == null || e.At >= filter.From)
                && (filter.To == null || e.At < filter.To)
            )
            .OrderByDescending(e => e.Id)
            .ToPageAsync(page, cancellation);
}
