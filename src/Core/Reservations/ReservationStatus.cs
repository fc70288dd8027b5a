namespace BookIT.Core.Reservations;

/// <summary>
/// Where a reservation stands. It moves only along <c>future → active → closed</c>, <c>future → closed</c> and
/// <c>future → did_not_come</c>.
/// </summary>
public enum ReservationStatus
{
    /// <summary>Booked, not yet checked in.</summary>
    Future,

    /// <summary>Checked in.</summary>
    Active,

    /// <summary>Cancelled, or ended after a check-in.</summary>
    Closed,

    /// <summary>Never checked in.</summary>
    DidNotCome,
}

/// <summary>The statuses' names in the database and on the wire.</summary>
public static class ReservationStatusNames
{
    /// <summary>
    /// The reservations that hold their seat. The condition of the exclusion constraint, for who asks by seat. It is said
    /// in three ways, one for each partial index, so that no question can be answered by reading the whole of an index that
    /// was made for another: to PostgreSQL, whose sample of a year finds none that is live, all of them look empty.
    /// </summary>
    internal const string Live = "status in ('future', 'active')";

    /// <summary>The same, for who asks by user: a column that PostgreSQL derives from the status.</summary>
    internal const string LiveByUser = "seat_in_use";

    /// <summary>The same, for who asks by time, or for all.</summary>
    internal const string LiveByStart = $"{Live} and starts_at is not null";

    /// <summary>The name of the status.</summary>
    public static string Name(this ReservationStatus status) =>
        status switch
        {
            ReservationStatus.Future => "future",
            ReservationStatus.Active => "active",
            ReservationStatus.Closed => "closed",
            ReservationStatus.DidNotCome => "did_not_come",
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, message: null),
        };

    /// <summary>The status of that name, or null.</summary>
    public static ReservationStatus? Parse(string? name) =>
        name switch
        {
            "future" => ReservationStatus.Future,
            "active" => ReservationStatus.Active,
            "closed" => ReservationStatus.Closed,
            "did_not_come" => ReservationStatus.DidNotCome,
            _ => null,
        };
}
