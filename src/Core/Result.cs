using System.Diagnostics.CodeAnalysis;

namespace BookIT.Core;

/// <summary>What a use case answers: a value, or the <see cref="Core.Refusal"/> that says why there is none.</summary>
public readonly struct Result<T>
{
    private readonly T? value;

    private Result(T? value, Refusal? refusal)
    {
        this.value = value;
        Refusal = refusal;
    }

    /// <summary>Why there is no value; null where there is one.</summary>
    public Refusal? Refusal { get; }

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public T Value => Refusal is null ? value! : throw new InvalidOperationException($"Refused: {Refusal.Code}");

    /// <summary>Whether it was refused, and why.</summary>
    public bool IsRefused([NotNullWhen(true)] out Refusal? refusal) => (refusal = Refusal) is not null;

    /// <summary>Goes on with the value; a refusal stays what it is.</summary>
    public Result<TNext> Then<TNext>(Func<T, TNext> next) => Refusal is null ? next(value!) : Refusal;

    /// <summary>A value is a result.</summary>
    public static implicit operator Result<T>(T value) => new(value, refusal: null);

    /// <summary>A refusal is a result.</summary>
    public static implicit operator Result<T>(Refusal refusal) => new(default, refusal);
}

/// <summary>The value of a use case that has nothing to tell but that it was done.</summary>
public readonly record struct Done
{
    /// <summary>Done, as a result.</summary>
    public static Result<Done> Ok => new Done();
}
