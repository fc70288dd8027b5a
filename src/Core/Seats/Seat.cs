namespace BookIT.Core.Seats;

/// <summary>What a seat is like. Null means "leave as it is" where a seat is changed, and the default where it is made.</summary>
/// <param name="Name">At most <see cref="Seat.MaxNameLength"/> characters; empty gets a generated name.</param>
/// <param name="Type">A word for the kind of seat: <c>seat</c>, <c>room</c>, …</param>
/// <param name="Zone">The part of the floor where it stands, in words.</param>
/// <param name="X">Map coordinate, any finite number.</param>
/// <param name="Y">Map coordinate, any finite number.</param>
/// <param name="HasWater">Water within reach.</param>
/// <param name="HasKitchen">A kitchen near by.</param>
/// <param name="HasComputer">A computer on the desk.</param>
/// <param name="HasSmartDesk">A desk that rises.</param>
/// <param name="IsQuiet">In a quiet zone.</param>
/// <param name="IsTalkRoom">A room for calls and talks.</param>
public sealed record SeatDetails(
    string? Name = null,
    string? Type = null,
    string? Zone = null,
    double? X = null,
    double? Y = null,
    bool? HasWater = null,
    bool? HasKitchen = null,
    bool? HasComputer = null,
    bool? HasSmartDesk = null,
    bool? IsQuiet = null,
    bool? IsTalkRoom = null
);

/// <summary>A place that can be booked: a desk, a room. Removed seats stay, for the sake of what happened on them.</summary>
public sealed class Seat
{
    /// <summary>The longest name and zone, in UTF-16 code units.</summary>
    public const int MaxNameLength = 100;

    /// <summary>The longest word for a kind of seat, in UTF-16 code units.</summary>
    public const int MaxTypeLength = 40;

    private Seat() { }

    /// <summary>Time-ordered (UUID version 7, RFC 9562).</summary>
    public Guid Id { get; private set; }

    /// <summary>Never empty.</summary>
    public string Name { get; private set; } = "";

    /// <summary>A word for the kind: <c>seat</c>, <c>room</c>, …</summary>
    public string Type { get; private set; } = "seat";

    /// <summary>The part of the floor where it stands.</summary>
    public string? Zone { get; private set; }

    /// <summary>Map coordinate.</summary>
    public double X { get; private set; }

    /// <summary>Map coordinate.</summary>
    public double Y { get; private set; }

    /// <summary>Water within reach.</summary>
    public bool HasWater { get; private set; }

    /// <summary>A kitchen near by.</summary>
    public bool HasKitchen { get; private set; }

    /// <summary>A computer on the desk.</summary>
    public bool HasComputer { get; private set; }

    /// <summary>A desk that rises.</summary>
    public bool HasSmartDesk { get; private set; }

    /// <summary>In a quiet zone.</summary>
    public bool IsQuiet { get; private set; }

    /// <summary>A room for calls and talks.</summary>
    public bool IsTalkRoom { get; private set; }

    /// <summary>When it was removed (UTC); null while it can be booked.</summary>
    public DateTimeOffset? DeletedAt { get; private set; }

    /// <summary>A new seat. Without a name it is called after its kind and the last digits of its id.</summary>
    public static Seat Add(Guid id, SeatDetails details)
    {
        var seat = new Seat { Id = id };
        seat.Change(details with { Name = null });
        var name = details.Name?.Trim();
        seat.Name = string.IsNullOrEmpty(name) ? $"{seat.Type} {id.ToString("N")[^5..]}" : name;
        return seat;
    }

    /// <summary>Takes over what is given; an empty name or kind leaves the old one.</summary>
    public void Change(SeatDetails details)
    {
        Name = string.IsNullOrWhiteSpace(details.Name) ? Name : details.Name.Trim();
        Type = string.IsNullOrWhiteSpace(details.Type) ? Type : details.Type.Trim();
        Zone =
            details.Zone is null ? Zone
            : string.IsNullOrWhiteSpace(details.Zone) ? null
            : details.Zone.Trim();
        X = details.X ?? X;
        Y = details.Y ?? Y;
        HasWater = details.HasWater ?? HasWater;
        HasKitchen = details.HasKitchen ?? HasKitchen;
        HasComputer = details.HasComputer ?? HasComputer;
        HasSmartDesk = details.HasSmartDesk ?? HasSmartDesk;
        IsQuiet = details.IsQuiet ?? IsQuiet;
        IsTalkRoom = details.IsTalkRoom ?? IsTalkRoom;
    }

    /// <summary>Takes the seat out of the space. The database refuses while it has live reservations.</summary>
    public void Remove(DateTimeOffset now) => DeletedAt ??= now;
}
